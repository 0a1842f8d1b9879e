"use client";

import { UserPlus } from "lucide-react";
import { useState } from "react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { SearchField } from "@/components/lists/search-field";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { Member } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { Personal } from "./general-tab";
import { Invitations } from "./invitations";
import { InviteDialog } from "./invite-dialog";
import { MemberRow } from "./member-row";
import { RemoveDialog } from "./remove-dialog";
import { useRoles } from "./use-roles";

const PAGE = 50;

function MembersSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      {[0, 1, 2, 3].map((i) => <div key={i} className="flex h-[4.25rem] items-center gap-4 px-5"><Skeleton className="size-9 rounded-full" /><Skeleton className="h-4 grow" /><Skeleton className="h-9 w-40" /></div>)}
    </Card>
  );
}

export function MembersTab() {
  const t = useT("org.members");
  const me = useMe();
  const writes = usePermission("members:write");
  const [params, setParams] = useQueryState();
  const [inviting, setInviting] = useState(false);
  const [removing, setRemoving] = useState<Member | null>(null);
  const q = params.get("q")?.trim() ?? "";
  const roles = useRoles();
  const list = $api.useInfiniteQuery("get", "/v1/members", { params: { query: { limit: PAGE, ...(q ? { q } : {}) } } }, { ...BY_CURSOR, placeholderData: (before) => before });
  const members = list.data?.pages.flatMap((page) => page.data) ?? [];
  // Rows grow when they can be changed, which the roles tell.
  const waits = writes && roles.isPending;
  const invites = writes && me?.org.personal === false;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div role="search" aria-label={t("label")} className="flex flex-wrap items-center gap-2">
        <SearchField label={t("search")} placeholder={t("search_placeholder")} value={q} onChange={(next) => setParams({ q: next })} />
        {invites ? <Button className="sm:ms-auto" onClick={() => setInviting(true)}><UserPlus />{t("invite")}</Button> : null}
      </div>
      <ListFrame
        query={list}
        waits={waits}
        skeleton={<MembersSkeleton />}
        empty={members.length ? null : <NothingFound title={t("nothing_title")} onClear={() => setParams({ q: null })}>{t("nothing_body")}</NothingFound>}
      >
        <Card>
          <ul aria-label={t("table")} className="divide-y">
            {members.map((member) => <MemberRow key={member.id} member={member} roles={roles.data?.data ?? []} onRemove={() => setRemoving(member)} />)}
          </ul>
        </Card>
      </ListFrame>
      {/* Behind the members, who would push it down when they come. */}
      {invites && !list.isPending && !waits ? <Invitations /> : null}
      {me?.org.personal ? <Personal /> : null}
      {inviting ? <InviteDialog onClose={() => setInviting(false)} /> : null}
      {removing ? <RemoveDialog member={removing} onClose={() => setRemoving(null)} /> : null}
    </div>
  );
}
