"use client";

import { Building2, ChevronsUpDown, Plus } from "lucide-react";
import { useState } from "react";

import { Avatar } from "@/components/ui/avatar";
import {
  DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuLabel, DropdownMenuRadioGroup, DropdownMenuRadioItem, DropdownMenuSeparator, DropdownMenuTrigger,
} from "@/components/ui/dropdown-menu";
import { Skeleton } from "@/components/ui/skeleton";
import { useOrganizations, useSwitchOrganization } from "@/lib/api/organization";
import type { Organization } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { useRoleName } from "@/lib/roles";
import { useUi } from "@/lib/store";

import { ErrorCard } from "./error-card";
import { useActionFailed } from "./use-action-failed";

/** What one is in it: its only person, or one of several. */
export function useStanding(): (org: Pick<Organization, "personal" | "role" | "role_id" | "role_name">) => string {
  const t = useT("core.orgs");
  const roleName = useRoleName();
  return (org) => (org.personal ? t("personal") : roleName(org));
}

function Choices({ onFollow }: { onFollow: (() => void) | undefined }) {
  const t = useT("core.orgs");
  const me = useMe();
  const list = useOrganizations(true);
  const failed = useActionFailed();
  const standing = useStanding();
  const { whenLeft } = useSwitchOrganization();
  const create = useUi((state) => state.setCreatingOrg);
  const choose = (id: string) => {
    onFollow?.();
    if (id !== me?.org.id) whenLeft(id, failed);
  };
  return (
    <>
      <DropdownMenuLabel>{t("title")}</DropdownMenuLabel>
      {list.isPending ? <div aria-busy="true" className="grid gap-1.5 p-1.5"><Skeleton className="h-9 w-full" /><Skeleton className="h-9 w-full" /></div> : null}
      {list.error ? <ErrorCard error={list.error} className="m-1.5 p-3" onRetry={() => void list.refetch()} /> : null}
      <DropdownMenuRadioGroup aria-label={t("title")} value={me?.org.id ?? ""} onValueChange={choose}>
        {list.data?.data.map((org) => (
          <DropdownMenuRadioItem key={org.id} value={org.id} className="gap-3">
            <span className="grid min-w-0">
              <span className="truncate"><bdi>{org.name}</bdi></span>
              <span className="truncate text-xs text-muted-foreground">{standing(org)}{org.personal ? null : ` · ${t("members", { count: org.members })}`}</span>
            </span>
          </DropdownMenuRadioItem>
        ))}
      </DropdownMenuRadioGroup>
      <DropdownMenuSeparator />
      <DropdownMenuItem onSelect={() => { onFollow?.(); create(true); }}><Plus />{t("create")}</DropdownMenuItem>
      <DropdownMenuItem asChild><Link href="/organization" onClick={onFollow}><Building2 />{t("manage")}</Link></DropdownMenuItem>
    </>
  );
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
      <DropdownMenuContent align="start" className="w-64">{open ? <Choices onFollow={onFollow} /> : null}</DropdownMenuContent>
    </DropdownMenu>
  );
}
