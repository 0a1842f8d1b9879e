"use client";

import type { Activity } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Who did it: a name, or why there is none. */
export function useWho(): (entry: Activity) => string {
  const t = useT("activity");
  return ({ user_id: id, user_name: name }) => name ?? t(id === null ? "nobody" : "deleted");
}
