import { Ban, Building2, ScrollText, SlidersHorizontal, Users, type LucideIcon } from "lucide-react";
import { lazy, type ComponentType } from "react";

interface Tab {
  name: string;
  icon: LucideIcon;
  /** What one needs to hold to be shown it. */
  permission: string;
  Screen: ComponentType;
}

/** The areas in their order; `?tab=` names the one that is shown. The code of each is loaded when it is opened. */
export const TABS = [
  { name: "users", icon: Users, permission: "admin:users", Screen: lazy(() => import("./users-tab").then((module) => ({ default: module.UsersTab }))) },
  { name: "orgs", icon: Building2, permission: "admin:orgs", Screen: lazy(() => import("./orgs-tab").then((module) => ({ default: module.OrgsTab }))) },
  { name: "settings", icon: SlidersHorizontal, permission: "admin:settings", Screen: lazy(() => import("./settings-tab").then((module) => ({ default: module.SettingsTab }))) },
  { name: "blocks", icon: Ban, permission: "admin:blocks", Screen: lazy(() => import("./blocks-tab").then((module) => ({ default: module.BlocksTab }))) },
  { name: "log", icon: ScrollText, permission: "admin:audit", Screen: lazy(() => import("./log-tab").then((module) => ({ default: module.LogTab }))) },
] as const satisfies readonly Tab[];

export type TabName = (typeof TABS)[number]["name"];
export type TabRow = Tab & { name: TabName };

/** What somebody with these permissions is shown; nothing to who administers nothing. */
export function tabsFor(permissions: readonly string[]): TabRow[] {
  const rows: readonly TabRow[] = TABS;
  return rows.filter(({ permission }) => permissions.includes(permission));
}
