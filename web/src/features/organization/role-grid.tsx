"use client";

import { Check, Minus } from "lucide-react";

import { grouped, usePermissionTexts } from "@/components/permissions/permissions";
import { Card } from "@/components/ui/card";
import { Checkbox } from "@/components/ui/checkbox";
import { Table, Td } from "@/components/ui/table";
import type { Permission, Role } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { RoleMenu } from "./role-menu";
import { isFree, keyOf, permissionsOf, type Drafts } from "./roles";
import { useRoleTexts } from "./use-roles";

export interface GridProps {
  roles: readonly Role[];
  permissions: readonly Permission[];
  drafts: Drafts;
  /** What the account holds, and can therefore give; nothing of who may not change roles. */
  held: readonly string[];
  onToggle: (role: Role, permission: string) => void;
  onCopy?: (role: Role) => void;
  onEdit?: (role: Role) => void;
}

/** The name stays in sight when many roles scroll by. */
const NAMES = "sticky inset-s-0 z-10 bg-card text-start font-normal";

function Head({ role, onCopy, onEdit }: Pick<GridProps, "onCopy" | "onEdit"> & { role: Role }) {
  const t = useT("org.roles");
  const { title, about } = useRoleTexts();
  return (
    <th scope="col" className="border-b px-3 py-2.5 align-bottom font-normal" title={about(role)}>
      <span className="grid justify-items-center gap-0.5">
        <span className="flex items-center gap-1">
          <span className="max-w-32 truncate text-sm font-medium"><bdi>{title(role)}</bdi></span>
          {onCopy && onEdit ? <RoleMenu role={role} onCopy={onCopy} onEdit={onEdit} /> : null}
        </span>
        <span className="text-xs whitespace-nowrap text-muted-foreground">{t("members", { count: role.members })}</span>
      </span>
    </th>
  );
}

function Cell({ role, permission, drafts, held, onToggle }: Omit<GridProps, "roles" | "permissions"> & { role: Role; permission: Permission }) {
  const t = useT("org.roles");
  const { title } = useRoleTexts();
  const { nameOf } = usePermissionTexts();
  const has = permissionsOf(role, drafts).includes(permission.name);
  if (role.built_in) {
    const Icon = has ? Check : Minus;
    return (
      <Td className="text-center">
        <Icon aria-hidden="true" className={cn("inline size-4", has ? "text-success" : "text-muted-foreground")} />
        <span className="sr-only">{t(has ? "allowed" : "not_allowed")}</span>
      </Td>
    );
  }
  const changed = has !== role.permissions.includes(permission.name);
  return (
    <Td className={cn("text-center", changed && "bg-primary-soft")}>
      <Checkbox
        className="inline-grid size-6 align-middle"
        aria-label={`${title(role)}: ${nameOf(permission.name, permission.description)}`}
        checked={has}
        disabled={!isFree(permission, role, held)}
        onCheckedChange={() => onToggle(role, permission.name)}
      />
    </Td>
  );
}

/** Permissions as rows, roles as columns: on wide screens. */
export function RoleGrid({ roles, permissions, onCopy, onEdit, ...cell }: GridProps) {
  const t = useT("org.roles");
  const { nameOf, groupName } = usePermissionTexts();
  return (
    <Card className="hidden lg:block">
      <Table label={t("table")}>
        <thead>
          <tr>
            <th scope="col" className={cn(NAMES, "border-b px-5 align-bottom text-xs text-muted-foreground")}><span className="block py-2.5">{t("permission")}</span></th>
            {roles.map((role) => <Head key={keyOf(role)} role={role} {...(onCopy && onEdit ? { onCopy, onEdit } : {})} />)}
          </tr>
        </thead>
        {grouped(permissions).map(({ group, permissions: rows }) => (
          <tbody key={group}>
            <tr>
              <th scope="rowgroup" colSpan={roles.length + 1} className="border-b bg-muted/60 px-5 py-2 text-start text-xs font-medium text-muted-foreground"><span className="sticky inset-s-5">{groupName(group)}</span></th>
            </tr>
            {rows.map((permission) => (
              <tr key={permission.name}>
                <th scope="row" className={cn(NAMES, "border-b px-5 py-2.5 in-[tr:last-child]:border-b-0")} title={permission.name}><span className="block min-w-56">{nameOf(permission.name, permission.description)}</span></th>
                {roles.map((role) => <Cell key={keyOf(role)} role={role} permission={permission} {...cell} />)}
              </tr>
            ))}
          </tbody>
        ))}
      </Table>
    </Card>
  );
}
