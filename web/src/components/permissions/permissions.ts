"use client";

import { useCallback } from "react";

import { useT } from "@/lib/i18n";

/** What stands before the colon: the rows of a grid are grouped by it. */
export function groupOf(permission: string): string {
  return permission.slice(0, permission.indexOf(":"));
}

/** Permissions by group, in the order in which they come. */
export function grouped<T extends { name: string }>(permissions: readonly T[]): { group: string; permissions: T[] }[] {
  const groups = new Map<string, T[]>();
  for (const permission of permissions) {
    const group = groupOf(permission.name);
    groups.set(group, [...(groups.get(group) ?? []), permission]);
  }
  return [...groups].map(([group, list]) => ({ group, permissions: list }));
}

/**
 * What permissions and their groups are called. The server has English words for each, which stand where
 * a newer server has one that these pages do not know.
 */
export function usePermissionTexts(): { nameOf: (permission: string, description?: string) => string; groupName: (group: string) => string } {
  const t = useT("permissions");
  const nameOf = useCallback((permission: string, description?: string) => {
    const key = `name.${permission.replace(":", "_")}` as "name.ai_run";
    return t.has(key) ? t(key) : (description ?? permission);
  }, [t]);
  const groupName = useCallback((group: string) => {
    const key = `group.${group}` as "group.ai";
    return t.has(key) ? t(key) : group;
  }, [t]);
  return { nameOf, groupName };
}
