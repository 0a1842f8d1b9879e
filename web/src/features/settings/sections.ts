import { Database, KeyRound, Palette, Plug, ShieldCheck, User, type LucideIcon } from "lucide-react";
import { lazy, type ComponentType } from "react";

/** The lists that the sections stand in. */
export const GROUPS = ["you", "organisation", "server"] as const;

interface Section {
  name: string;
  icon: LucideIcon;
  group: (typeof GROUPS)[number];
  /** What one needs to hold to be shown it. */
  permission?: string;
  Screen: ComponentType;
}

/**
 * The sections of the settings in their order; `?tab=` names the one that is shown, settings.tabs says what
 * it is called. The code of each is loaded when it is opened.
 */
export const SECTIONS = [
  { name: "profile", icon: User, group: "you", Screen: lazy(() => import("@/features/account/profile-tab").then((module) => ({ default: module.ProfileTab }))) },
  { name: "security", icon: ShieldCheck, group: "you", Screen: lazy(() => import("@/features/account/security-tab").then((module) => ({ default: module.SecurityTab }))) },
  { name: "appearance", icon: Palette, group: "you", Screen: lazy(() => import("./appearance-section").then((module) => ({ default: module.AppearanceSection }))) },
  { name: "data", icon: Database, group: "you", Screen: lazy(() => import("@/features/account/data-tab").then((module) => ({ default: module.DataTab }))) },
  { name: "keys", icon: KeyRound, group: "organisation", permission: "keys:read", Screen: lazy(() => import("@/features/api-keys/keys-section").then((module) => ({ default: module.KeysSection }))) },
  { name: "models", icon: Plug, group: "server", Screen: lazy(() => import("./models-section").then((module) => ({ default: module.ModelsSection }))) },
] as const satisfies readonly Section[];

export type SectionName = (typeof SECTIONS)[number]["name"];
export type SectionRow = Section & { name: SectionName };

/** What somebody with these permissions is shown. */
export function sectionsFor(permissions: readonly string[]): SectionRow[] {
  const rows: readonly SectionRow[] = SECTIONS;
  return rows.filter(({ permission }) => permission === undefined || permissions.includes(permission));
}
