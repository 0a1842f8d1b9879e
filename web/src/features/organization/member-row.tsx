"use client";

import { UserMinus } from "lucide-react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { Select } from "@/components/ui/select";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Member, Role } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useRoleName } from "@/lib/roles";

import { givable, heldKey, isChangeable, keyOf, roleBody } from "./roles";
import { useRoleTexts } from "./use-roles";

/** Gives a member another role; the toast takes it back. */
function useChangeRole() {
  const t = useT("org.members");
  const tCore = useT("core");
  const failed = useActionFailed();
  const roleName = useRoleName();
  const change = $api.useMutation("patch", "/v1/members/{id}");
  const give = async (member: Member, body: ReturnType<typeof roleBody>, undo: (() => void) | null) => {
    try {
      const changed = await change.mutateAsync({ params: { path: { id: member.id } }, body });
      toast({ title: t("changed", { name: changed.name, role: roleName(changed) }), ...(undo ? { action: { label: tCore("undo"), onClick: undo } } : {}) });
    } catch (thrown) {
      failed(thrown);
    }
  };
  return {
    pending: change.isPending,
    change: (member: Member, roles: readonly Role[], key: string) => {
      const before = roleBody(roles, heldKey(member));
      void give(member, roleBody(roles, key), () => void give(member, before, null));
    },
  };
}

function RoleField({ member, roles }: { member: Member; roles: readonly Role[] }) {
  const t = useT("org.members");
  const me = useMe();
  const { title } = useRoleTexts();
  const { change, pending } = useChangeRole();
  if (!me) return null;
  return (
    <Select className="w-full" aria-label={t("role_of", { name: member.name })} value={heldKey(member)} disabled={pending} onChange={(event) => change(member, roles, event.target.value)}>
      {givable(roles, me).map((role) => <option key={keyOf(role)} value={keyOf(role)}>{title(role)}</option>)}
    </Select>
  );
}

export function MemberRow({ member, roles, onRemove }: { member: Member; roles: readonly Role[]; onRemove: () => void }) {
  const t = useT("org.members");
  const me = useMe();
  const roleName = useRoleName();
  const { date } = useFormat();
  const changes = usePermission("members:write") && me !== undefined && isChangeable(member, roles, me);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2.5 px-5 py-3">
      <Avatar name={member.name} className="size-9" />
      <div className="grid min-w-0 flex-1 basis-44">
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium"><bdi>{member.name}</bdi></span>
          {member.id === me?.id ? <Badge tone="outline">{t("you")}</Badge> : null}
        </span>
        <span className="truncate text-[0.8125rem] text-muted-foreground">{member.email}</span>
      </div>
      <span className="hidden w-44 text-[0.8125rem] text-muted-foreground lg:grid">
        <span>{t("joined", { date: date(member.joined_at) })}</span>
        <span>{member.last_active_at ? <>{t("active")} <RelativeTime value={member.last_active_at} /></> : t("never_active")}</span>
      </span>
      {changes ? (
        <div className="flex w-full items-center gap-2 sm:w-56">
          <RoleField member={member} roles={roles} />
          <Button variant="ghost" size="icon" className="text-destructive" aria-label={t("remove", { name: member.name })} title={t("remove", { name: member.name })} onClick={onRemove}><UserMinus /></Button>
        </div>
      ) : <span className="sm:w-56"><Badge><bdi>{roleName(member)}</bdi></Badge></span>}
    </li>
  );
}
