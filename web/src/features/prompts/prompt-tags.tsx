"use client";

import { useT } from "@/lib/i18n";

const chip = "relative max-w-40 truncate rounded-full border px-2 py-0.5 text-xs text-muted-foreground";

/** The first tags, each a filter, and how many more there are. */
export function PromptTags({ tags, most, onTag }: { tags: readonly string[]; most: number; onTag: (tag: string) => void }) {
  const t = useT("prompts");
  const more = tags.slice(most);
  return (
    <>
      {tags.slice(0, most).map((tag) => (
        <button key={tag} type="button" dir="auto" title={tag} aria-label={t("filter_tag", { tag })} className={`${chip} transition-colors hover:border-input hover:text-foreground`} onClick={() => onTag(tag)}>{tag}</button>
      ))}
      {more.length ? <span className="px-1 text-xs text-muted-foreground tabular-nums" title={more.join(", ")}>{t("more_tags", { count: more.length })}</span> : null}
    </>
  );
}
