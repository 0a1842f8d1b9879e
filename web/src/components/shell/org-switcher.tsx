"use client";

import { ChevronsUpDown } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { Avatar } from "@/components/ui/avatar";
import { DropdownMenu, DropdownMenuContent, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { Skeleton } from "@/components/ui/skeleton";
import type { Organization } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { useRoleName } from "@/lib/roles";

/** What one is in it: its only person, or one of several. */
export function useStanding(): (org: Pick<Organization, "personal" | "role" | "role_id" | "role_name">) => string {
  const t = useT("core.orgs");
  const roleName = useRoleName();
  return (org) => (org.personal ? t("personal") : roleName(org));
}

const loadChoices = () => import("./org-choices");
const OrgChoices = lazy(() => loadChoices().then((module) => ({ default: module.OrgChoices })));

function Waiting() {
  return <div aria-busy="true" className="grid gap-1.5 p-1.5"><Skeleton className="h-9 w-full" /><Skeleton className="h-9 w-full" /></div>;
}

/** Which organisation one works in, and the way to the others. */
export function OrgSwitcher({ collapsed = false, onFollow }: { collapsed?: boolean; onFollow?: () => void }) {
  const t = useT("core.orgs");
  const me = useMe();
  const standing = useStanding();
  const [open, setOpen] = useState(false);
  if (!me) return <Skeleton className={cn("h-11 shrink-0 rounded-lg", collapsed && "w-9.5")} />;
  return (
    <DropdownMenu open={open} onOpenChange={setOpen}>
      <DropdownMenuTrigger asChild>
        <button
          type="button"
          onPointerEnter={() => void loadChoices().catch(() => undefined)}
          aria-label={t("current", { name: me.org.name })}
          title={collapsed ? me.org.name : undefined}
          className={cn("flex h-11 w-full shrink-0 items-center gap-2.5 rounded-lg border bg-card px-2 text-start shadow-card transition-colors hover:bg-muted", collapsed && "justify-center px-0")}
        >
          <Avatar name={me.org.name} className="size-7 rounded-md" />
          {collapsed ? null : (
            <>
              <span className="grid min-w-0 grow leading-tight">
                <span className="truncate text-sm font-medium"><bdi>{me.org.name}</bdi></span>
                <span className="truncate text-xs text-muted-foreground">{standing(me.org)}</span>
              </span>
              <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" />
            </>
          )}
        </button>
      </DropdownMenuTrigger>
      <DropdownMenuContent align="start" className="w-64">{open ? <Suspense fallback={<Waiting />}><OrgChoices onFollow={onFollow} /></Suspense> : null}</DropdownMenuContent>
    </DropdownMenu>
  );
}
