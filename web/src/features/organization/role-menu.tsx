"use client";

import { Copy, MoreHorizontal, Pencil, Trash2 } from "lucide-react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Role } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

import { isWithin } from "./roles";
import { useRoleTexts } from "./use-roles";

/** Deletes a role that nobody has, which can therefore be made anew. */
function useDeleteRole() {
  const t = useT("org.roles");
  const tCore = useT("core");
  const failed = useActionFailed();
  const { mutateAsync: remove } = $api.useMutation("delete", "/v1/roles/{id}");
  const { mutateAsync: create } = $api.useMutation("post", "/v1/roles");
  const undo = async ({ name, description, permissions }: Role) => {
    try {
      await create({ body: { name, description, permissions } });
      toast({ title: t("restored", { name }) });
    } catch (thrown) {
      failed(thrown);
    }
  };
  return async (role: Role) => {
    if (role.id === null) return;
    try {
      await remove({ params: { path: { id: role.id } } });
      toast({ title: t("deleted", { name: role.name }), action: { label: tCore("undo"), onClick: () => void undo(role) } });
    } catch (thrown) {
      failed(thrown);
    }
  };
}

export function RoleMenu({ role, onCopy, onEdit }: { role: Role; onCopy: (role: Role) => void; onEdit: (role: Role) => void }) {
  const t = useT("org.roles");
  const held = useMe()?.permissions ?? [];
  const { title } = useRoleTexts();
  const deleteRole = useDeleteRole();
  const own = !role.built_in && isWithin(role.permissions, held);
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={t("actions", { name: title(role) })}><MoreHorizontal /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        {own ? <DropdownMenuItem onSelect={() => onEdit(role)}><Pencil />{t("edit")}</DropdownMenuItem> : null}
        <DropdownMenuItem onSelect={() => onCopy(role)}><Copy />{t("copy")}</DropdownMenuItem>
        {own ? (
          <>
            <DropdownMenuSeparator />
            <DropdownMenuItem tone="destructive" disabled={role.members > 0} onSelect={() => void deleteRole(role)}><Trash2 />{t(role.members > 0 ? "delete_held" : "delete")}</DropdownMenuItem>
          </>
        ) : null}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
