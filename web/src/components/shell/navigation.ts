import { Bot, Building2, FileText, History, LayoutDashboard, ListTree, ScrollText, ServerCog, Settings, TriangleAlert, type LucideIcon } from "lucide-react";

import { useMe } from "@/lib/api/session";

interface Row {
  name: string;
  href: string;
  icon: LucideIcon;
  group: "work" | "watch" | "more";
  /** What one needs to hold to be led there. */
  permission?: string;
}

/** The screens of the sidebar and the command menu: a new capability adds its row here. */
export const NAVIGATION = [
  { name: "dashboard", href: "/", icon: LayoutDashboard, group: "work" },
  { name: "agents", href: "/agents", icon: Bot, group: "work" },
  { name: "prompts", href: "/prompts", icon: ScrollText, group: "work" },
  { name: "runs", href: "/runs", icon: ListTree, group: "watch" },
  { name: "errors", href: "/errors", icon: TriangleAlert, group: "watch" },
  { name: "activity", href: "/activity", icon: History, group: "watch", permission: "activity:read" },
  { name: "organization", href: "/organization", icon: Building2, group: "more", permission: "org:read" },
  { name: "docs", href: "/docs", icon: FileText, group: "more" },
  { name: "settings", href: "/settings", icon: Settings, group: "more" },
  { name: "admin", href: "/admin", icon: ServerCog, group: "more", permission: "admin:users" },
] as const satisfies readonly Row[];

export type NavigationName = (typeof NAVIGATION)[number]["name"];

/** The screens that the account is led to in the organisation it acts in. */
export function useNavigation(): readonly (Row & { name: NavigationName })[] {
  const permissions = useMe()?.permissions;
  const rows: readonly (Row & { name: NavigationName })[] = NAVIGATION;
  return rows.filter(({ permission }) => permission === undefined || permissions?.includes(permission));
}

export function isCurrent(path: string, href: string): boolean {
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}
