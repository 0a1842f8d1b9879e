"use client";

import { useId, useState } from "react";

import { grouped, usePermissionTexts } from "@/components/permissions/permissions";
import { Card } from "@/components/ui/card";
import { Checkbox } from "@/components/ui/checkbox";
import { Field } from "@/components/ui/field";
import { FieldSelect } from "@/components/ui/form-controls";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import type { GridProps } from "./role-grid";
import { RoleMenu } from "./role-menu";
import { isFree, keyOf, permissionsOf } from "./roles";
import { useRoleTexts } from "./use-roles";

/** One role at a time, on narrow screens. */
export function RoleColumn({ roles, permissions, drafts, held, onToggle, onCopy, onEdit }: GridProps) {
  const t = useT("org.roles");
  const { title, about } = useRoleTexts();
  const { nameOf, groupName } = usePermissionTexts();
  const id = useId();
  const [chosen, setChosen] = useState("owner");
  const role = roles.find((one) => keyOf(one) === chosen) ?? roles[0];
  if (!role) return null;
  const has = permissionsOf(role, drafts);
  return (
    <Card className="grid gap-5 p-5 lg:hidden">
      <div className="flex items-end gap-2">
        <Field label={t("role")} className="min-w-0 grow">
          <FieldSelect value={keyOf(role)} onChange={(event) => setChosen(event.target.value)}>
            {roles.map((one) => <option key={keyOf(one)} value={keyOf(one)}>{title(one)}</option>)}
          </FieldSelect>
        </Field>
        {onCopy && onEdit ? <span className="pb-1"><RoleMenu role={role} onCopy={onCopy} onEdit={onEdit} /></span> : null}
      </div>
      <p className="text-sm text-muted-foreground"><bdi>{about(role)}</bdi> {t("members", { count: role.members })}</p>
      {grouped(permissions).map(({ group, permissions: rows }) => (
        <fieldset key={group} className="grid min-w-0 gap-2.5">
          <legend className="mb-2 text-xs font-medium text-muted-foreground">{groupName(group)}</legend>
          {rows.map((permission) => {
            const free = isFree(permission, role, held);
            return (
              <label key={permission.name} htmlFor={`${id}-${permission.name}`} className={cn("flex items-center gap-2.5 text-sm", free && "cursor-pointer")}>
                <Checkbox id={`${id}-${permission.name}`} className="size-6" checked={has.includes(permission.name)} disabled={!free} onCheckedChange={() => onToggle(role, permission.name)} />
                {nameOf(permission.name, permission.description)}
              </label>
            );
          })}
        </fieldset>
      ))}
    </Card>
  );
}
