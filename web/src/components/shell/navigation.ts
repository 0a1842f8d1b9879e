import { Bot, FileText, LayoutDashboard, ListTree, ScrollText, Settings, TriangleAlert, type LucideIcon } from "lucide-react";

/** The screens of the sidebar and the command menu: a new capability adds its row here. */
export const NAVIGATION = [
  { name: "dashboard", href: "/", icon: LayoutDashboard, group: "work" },
  { name: "agents", href: "/agents", icon: Bot, group: "work" },
  { name: "prompts", href: "/prompts", icon: ScrollText, group: "work" },
  { name: "runs", href: "/runs", icon: ListTree, group: "watch" },
  { name: "errors", href: "/errors", icon: TriangleAlert, group: "watch" },
  { name: "docs", href: "/docs", icon: FileText, group: "more" },
  { name: "settings", href: "/settings", icon: Settings, group: "more" },
] as const satisfies readonly { name: string; href: string; icon: LucideIcon; group: "work" | "watch" | "more" }[];

export type NavigationName = (typeof NAVIGATION)[number]["name"];

export function isCurrent(path: string, href: string): boolean {
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}
