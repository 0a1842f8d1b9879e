"use client";

import { Plus } from "lucide-react";
import { useCallback, useState } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Permission, Role } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useLeaveGuard } from "@/lib/nav";

import { RoleColumn } from "./role-column";
import { RoleDialog } from "./role-dialog";
import { RoleGrid } from "./role-grid";
import { sendable, toggled, type Drafts } from "./roles";
import { useRoles } from "./use-roles";

/** What is ticked and not saved. Whoever goes elsewhere is asked first. */
function useDrafts(all: readonly Permission[], roles: readonly Role[]) {
  const t = useT("org.roles");
  const failed = useActionFailed();
  const [drafts, setDrafts] = useState<Drafts>({});
  const [leaving, setLeaving] = useState<(() => void) | null>(null);
  const { mutateAsync: replace, isPending: saving } = $api.useMutation("put", "/v1/roles/{id}");
  const changed = roles.filter(({ id }) => id !== null && drafts[id]);
  const guard = useCallback((go: () => void) => setLeaving(() => go), []);
  useLeaveGuard(changed.length ? guard : null);

  const save = async () => {
    try {
      for (const { id, name, description } of changed) {
        if (id === null) continue;
        await replace({ params: { path: { id } }, body: { name, description, permissions: sendable(drafts[id] ?? [], all) } });
        setDrafts(({ [id]: _, ...others }) => others);
      }
      toast({ title: t("saved", { count: changed.length }) });
    } catch (thrown) {
      failed(thrown);
    }
  };
  return {
    drafts, changed, saving, leaving,
    toggle: (role: Role, permission: string) => setDrafts((before) => toggled(before, role, permission)),
    save: () => void save(),
    discard: () => setDrafts({}),
    stay: () => setLeaving(null),
  };
}

function SaveBar({ count, saving, onSave, onDiscard }: { count: number; saving: boolean; onSave: () => void; onDiscard: () => void }) {
  const t = useT("org.roles");
  return (
    <div role="status" className="sticky bottom-4 z-20 flex animate-in flex-wrap items-center justify-between gap-3 rounded-xl border bg-popover px-5 py-3 shadow-pop">
      <span className="text-sm font-medium">{t("changed", { count })}</span>
      <span className="flex gap-2">
        <Button variant="ghost" onClick={onDiscard}>{t("discard")}</Button>
        <Button busy={saving} onClick={onSave}>{t("save")}</Button>
      </span>
    </div>
  );
}

function LeaveDialog({ onStay, onLeave }: { onStay: () => void; onLeave: () => void }) {
  const t = useT("org.roles");
  const tCore = useT("core");
  return (
    <Dialog open onOpenChange={onStay}>
      <DialogContent heading={t("leave_title")} description={t("leave_body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <DialogFooter>
          <Button variant="ghost" onClick={onStay}>{t("stay")}</Button>
          <Button variant="destructive" onClick={onLeave}>{t("leave")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function Roles({ roles, permissions }: { roles: readonly Role[]; permissions: readonly Permission[] }) {
  const t = useT("org.roles");
  const writes = usePermission("roles:write");
  const held = useMe()?.permissions ?? [];
  const { drafts, changed, saving, leaving, toggle, save, discard, stay } = useDrafts(permissions, roles);
  const [making, setMaking] = useState<{ from: Role | null; role: Role | null } | null>(null);
  // What only administrators of the server hold is no matter of an organisation.
  const shown = permissions.filter((permission) => permission.roles.some((role) => role !== "system"));
  const grid = {
    roles, permissions: shown, drafts, held: writes ? held : [], onToggle: toggle,
    ...(writes ? { onCopy: (from: Role) => setMaking({ from, role: null }), onEdit: (role: Role) => setMaking({ from: null, role }) } : {}),
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-2xl text-sm text-muted-foreground">{t("description")}</p>
        {writes ? <Button onClick={() => setMaking({ from: null, role: null })}><Plus />{t("create")}</Button> : null}
      </div>
      <RoleGrid {...grid} />
      <RoleColumn {...grid} />
      {changed.length ? <SaveBar count={changed.length} saving={saving} onSave={save} onDiscard={discard} /> : null}
      {making ? <RoleDialog {...making} roles={roles} permissions={permissions} onClose={() => setMaking(null)} /> : null}
      {leaving ? <LeaveDialog onStay={stay} onLeave={() => { discard(); stay(); leaving(); }} /> : null}
    </div>
  );
}

export function RolesTab() {
  const roles = useRoles();
  const permissions = $api.useQuery("get", "/v1/permissions", {}, { staleTime: Infinity });
  const error = roles.error ?? permissions.error;
  if (error) return <ErrorCard error={error} onRetry={() => void Promise.all([roles.refetch(), permissions.refetch()])} />;
  if (!roles.data || !permissions.data) return <div aria-busy="true"><Skeleton className="h-96 rounded-xl" /></div>;
  return <Roles roles={roles.data.data} permissions={permissions.data.data} />;
}
