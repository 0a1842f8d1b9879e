import { create } from "zustand";
import { persist } from "zustand/middleware";

export const ACCENTS = ["iris", "ocean", "teal", "moss", "amber", "rose"] as const;
export type Accent = (typeof ACCENTS)[number];

/** State of the interface itself. What the server knows lives in the query cache, never here. */
interface UiState {
  sidebarCollapsed: boolean;
  accent: Accent;
  agentsView: "cards" | "table";
  promptsView: "cards" | "table";
  /** The first steps on the dashboard, put away by who does not want them. */
  setupHidden: boolean;
  /** Whether they were all done when last looked at: what keeps the dashboard from waiting to know. */
  setupComplete: boolean;
  /** The account that wants no more reminders to prove its address. */
  verifyHiddenFor: string | null;
  paletteOpen: boolean;
  shortcutsOpen: boolean;
  sessionExpired: boolean;
  /** Whether a new organisation is being named. */
  creatingOrg: boolean;
  setSidebarCollapsed: (collapsed: boolean) => void;
  setAccent: (accent: Accent) => void;
  setAgentsView: (view: "cards" | "table") => void;
  setPromptsView: (view: "cards" | "table") => void;
  setSetupHidden: (hidden: boolean) => void;
  setSetupComplete: (complete: boolean) => void;
  hideVerifyFor: (account: string) => void;
  setPaletteOpen: (open: boolean) => void;
  setShortcutsOpen: (open: boolean) => void;
  setSessionExpired: (expired: boolean) => void;
  setCreatingOrg: (creating: boolean) => void;
}

export const useUi = create<UiState>()(
  persist(
    (set) => ({
      sidebarCollapsed: false,
      accent: "iris",
      agentsView: "cards",
      promptsView: "cards",
      setupHidden: false,
      setupComplete: false,
      verifyHiddenFor: null,
      paletteOpen: false,
      shortcutsOpen: false,
      sessionExpired: false,
      creatingOrg: false,
      setSidebarCollapsed: (sidebarCollapsed) => set({ sidebarCollapsed }),
      setAccent: (accent) => set({ accent }),
      setAgentsView: (agentsView) => set({ agentsView }),
      setPromptsView: (promptsView) => set({ promptsView }),
      setSetupHidden: (setupHidden) => set({ setupHidden }),
      setSetupComplete: (setupComplete) => set({ setupComplete }),
      hideVerifyFor: (verifyHiddenFor) => set({ verifyHiddenFor }),
      setPaletteOpen: (paletteOpen) => set({ paletteOpen }),
      setShortcutsOpen: (shortcutsOpen) => set({ shortcutsOpen }),
      setSessionExpired: (sessionExpired) => set({ sessionExpired }),
      setCreatingOrg: (creatingOrg) => set({ creatingOrg }),
    }),
    {
      name: "agentgen.ui",
      partialize: ({ sidebarCollapsed, accent, agentsView, setupHidden, setupComplete, verifyHiddenFor, promptsView }) =>
        ({ sidebarCollapsed, accent, agentsView, setupHidden, setupComplete, verifyHiddenFor, promptsView }),
    },
  ),
);
