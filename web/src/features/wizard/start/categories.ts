"use client";

import { useT } from "@/lib/i18n";
import type start from "@/messages/en/start.json";

type Known = keyof (typeof start)["category"];

/** "Professional services" as `professional_services`. */
export function categoryKey(category: string): string {
  return category.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
}

/** A category in the reader's language; one that is not known stays as the server calls it. */
export function useCategoryName(): (category: string) => string {
  const t = useT("start.category");
  return (category) => {
    const key = categoryKey(category) as Known;
    return t.has(key) ? t(key) : category;
  };
}
