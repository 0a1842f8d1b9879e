"use client";

import { Building2, Plus } from "lucide-react";

import { DropdownMenuItem, DropdownMenuLabel, DropdownMenuRadioGroup, DropdownMenuRadioItem, DropdownMenuSeparator } from "@/components/ui/dropdown-menu";
import { Skeleton } from "@/components/ui/skeleton";
import { useOrganizations, useSwitchOrganization } from "@/lib/api/organization";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { ErrorCard } from "./error-card";
import { useStanding } from "./org-switcher";
import { useActionFailed } from "./use-action-failed";

/** One's organisations, a new one, and the settings of this one: what stands in the switcher's menu. */
export function OrgChoices({ onFollow }: { onFollow: (() => void) | undefined }) {
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
