"use client";

import { useCallback } from "react";

import type { Member } from "./api/schema";
import { useT } from "./i18n";

export type BuiltInRole = Member["role"];

/** Built-in roles, most may first. */
export const BUILT_IN = ["owner", "admin", "manager", "member", "viewer"] as const satisfies readonly BuiltInRole[];

export interface Held {
  role: BuiltInRole;
  role_id: string | null;
  role_name: string;
}

/** What a role is called: the built-in ones in the reader's language, an organisation's own as it named it. */
export function useRoleName(): (held: Held) => string {
  const t = useT("core.role");
  return useCallback(({ role, role_id: own, role_name: name }) => (own === null ? t(role) : name), [t]);
}
