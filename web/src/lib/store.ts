import { create } from "zustand";
import { persist } from "zustand/middleware";

export const ACCENTS = ["iris", "ocean", "teal", "moss", "amber", "rose"] as const;
export type Accent = (typeof ACCENTS)[number];

/** State of the interface itself. What the server knows lives in the query cache, never here. */
interface UiState {
  sidebarCollapsed: boolean;
  accent: Accent;
  agentsView: "cards" | "table";
  paletteOpen: boolean;
  shortcutsOpen: boolean;
  sessionExpired: boolean;
  setSidebarCollapsed: (collapsed: boolean) => void;
  setAccent: (accent: Accent) => void;
  setAgentsView: (view: "cards" | "table") => void;
  setPaletteOpen: (open: boolean) => void;
  setShortcutsOpen: (open: boolean) => void;
  setSessionExpired: (expired: boolean) => void;
}

export const useUi = create<UiState>()(
  persist(
    (set) => ({
      sidebarCollapsed: false,
      accent: "iris",
      agentsView: "cards",
      paletteOpen: false,
      shortcutsOpen: false,
      sessionExpired: false,
      setSidebarCollapsed: (sidebarCollapsed) => set({ sidebarCollapsed }),
      setAccent: (accent) => set({ accent }),
      setAgentsView: (agentsView) => set({ agentsView }),
      setPaletteOpen: (paletteOpen) => set({ paletteOpen }),
      setShortcutsOpen: (shortcutsOpen) => set({ shortcutsOpen }),
      setSessionExpired: (sessionExpired) => set({ sessionExpired }),
    }),
    {
      name: "agentgen.ui",
      partialize: ({ sidebarCollapsed, accent, agentsView }) => ({ sidebarCollapsed, accent, agentsView }),
    },
  ),
);
