"use client";

import { useId } from "react";

import { Checkbox } from "@/components/ui/checkbox";

import { grouped, usePermissionTexts } from "./permissions";

/** Permissions as boxes to tick, group by group. */
export function PermissionList({ permissions, chosen, onChange }: { permissions: readonly string[]; chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const { nameOf, groupName } = usePermissionTexts();
  const id = useId();
  const toggle = (name: string) => onChange(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {grouped(permissions.map((name) => ({ name }))).map(({ group, permissions: rows }) => (
        <fieldset key={group} className="grid min-w-0 content-start gap-2">
          <legend className="mb-2 text-xs font-medium text-muted-foreground">{groupName(group)}</legend>
          {rows.map(({ name }) => (
            <label key={name} htmlFor={`${id}-${name}`} className="flex cursor-pointer items-start gap-2.5 text-sm">
              <Checkbox id={`${id}-${name}`} className="mt-0.5" checked={chosen.includes(name)} onCheckedChange={() => toggle(name)} />
              {nameOf(name)}
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}
