"use client";

import { PanelLeftClose, PanelLeftOpen, Plus } from "lucide-react";

import { Button } from "@/components/ui/button";
import { Dialog, SheetContent } from "@/components/ui/dialog";
import { Tooltip } from "@/components/ui/tooltip";
import { useMe } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, usePath } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { Brand } from "./brand";
import { isCurrent, useNavigation } from "./navigation";
import { OrgSwitcher } from "./org-switcher";
import { VerifyReminder } from "./verify-reminder";

const GROUPS = ["work", "watch", "more"] as const;

function NavigationLinks({ collapsed = false, onFollow }: { collapsed?: boolean; onFollow?: () => void }) {
  const t = useT("core.nav");
  const path = usePath();
  const navigation = useNavigation();
  return (
    <nav aria-label={t("label")} className="grid gap-4">
      {GROUPS.map((group) => (
        <ul key={group} className="grid gap-0.5 border-t pt-4 first:border-t-0 first:pt-0">
          {navigation.filter((item) => item.group === group).map(({ name, href, icon: Icon }) => {
            const current = isCurrent(path, href);
            const link = (
              <Link
                href={href}
                onClick={onFollow}
                aria-current={current ? "page" : undefined}
                className={cn(
                  "flex h-9 items-center gap-3 rounded-lg px-2.5 text-sm font-medium text-muted-foreground transition-colors hover:bg-muted hover:text-foreground aria-[current=page]:bg-primary-soft aria-[current=page]:text-primary-soft-foreground",
                  collapsed && "justify-center px-0",
                )}
              >
                <Icon aria-hidden="true" className="size-4.5 shrink-0" />
                <span className={cn(collapsed && "sr-only")}>{t(name)}</span>
              </Link>
            );
            return <li key={name}>{collapsed ? <Tooltip label={t(name)} side="right">{link}</Tooltip> : link}</li>;
          })}
        </ul>
      ))}
    </nav>
  );
}

function NewAgentButton({ collapsed = false, onFollow }: { collapsed?: boolean; onFollow?: () => void }) {
  const t = useT("core.nav");
  const me = useMe();
  // Before it is known, it is there: for most it stays.
  if (me && !me.permissions.includes("agents:write")) return null;
  return (
    <Button asChild className="w-full" size={collapsed ? "icon" : "md"}>
      <Link href="/agents/new" onClick={onFollow}>
        <Plus aria-hidden="true" />
        <span className={cn(collapsed && "sr-only")}>{t("new_agent")}</span>
      </Link>
    </Button>
  );
}

/** The navigation of wide screens; it folds to icons and remembers it. */
export function Sidebar() {
  const t = useT("core.nav");
  const collapsed = useUi((state) => state.sidebarCollapsed);
  const setCollapsed = useUi((state) => state.setSidebarCollapsed);
  const Fold = collapsed ? PanelLeftOpen : PanelLeftClose;
  return (
    <div className={cn("sticky top-0 hidden h-dvh shrink-0 flex-col gap-5 overflow-y-auto border-e bg-sidebar p-3 transition-[width] md:flex", collapsed ? "w-16" : "w-60")}>
      <Link href="/" className={cn("flex h-10 items-center rounded-lg px-1.5", collapsed && "justify-center px-0")}>
        <Brand compact={collapsed} />
      </Link>
      <OrgSwitcher collapsed={collapsed} />
      <NewAgentButton collapsed={collapsed} />
      <div className="grow"><NavigationLinks collapsed={collapsed} /></div>
      {collapsed ? null : <VerifyReminder />}
      <Button
        variant="ghost"
        size={collapsed ? "icon" : "sm"}
        className={cn("text-muted-foreground", !collapsed && "justify-start px-2.5")}
        aria-expanded={!collapsed}
        aria-label={collapsed ? t("expand") : t("collapse")}
        onClick={() => setCollapsed(!collapsed)}
      >
        <Fold className="rtl:-scale-x-100" />
        {collapsed ? null : t("collapse")}
      </Button>
    </div>
  );
}

/** The same as a sheet, on phones. */
export function MobileNavigation({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const t = useT("core");
  const close = () => onOpenChange(false);
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <SheetContent side="start" heading={<Brand />} closeLabel={t("close")} className="w-72 bg-sidebar p-4">
        <OrgSwitcher onFollow={close} />
        <NewAgentButton onFollow={close} />
        <NavigationLinks onFollow={close} />
        <VerifyReminder onFollow={close} />
      </SheetContent>
    </Dialog>
  );
}
