"use client";

import { $api } from "@/lib/api/query";
import type { Role } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { BUILT_IN } from "@/lib/roles";

export function useRoles() {
  return $api.useQuery("get", "/v1/roles");
}

/** What roles are called and what they are for: built-in ones in the reader's language. */
export function useRoleTexts(): { title: (role: Role) => string; about: (role: Role) => string } {
  const t = useT("core.role");
  const tOrg = useT("org.role_about");
  const known = (role: Role) => (role.built_in ? BUILT_IN.find((name) => name === role.name) : undefined);
  return {
    title: (role) => {
      const name = known(role);
      return name ? t(name) : role.name;
    },
    about: (role) => {
      const name = known(role);
      return name ? tOrg(name) : (role.description ?? "");
    },
  };
}
