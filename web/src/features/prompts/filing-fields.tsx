"use client";

import { useMemo, useState, type KeyboardEvent } from "react";

import { Field } from "@/components/ui/field";
import type { PromptFacets } from "@/lib/api/schema";
import { useFormatter, useT } from "@/lib/i18n";

import { LIMITS, withTags } from "./draft";
import { Chip, SuggestField } from "./suggest-field";
import { isOffered, matching, type Suggestion } from "./suggestions";
import { useFacets } from "./use-prompts";

function useFacetSuggestions(which: keyof PromptFacets): Suggestion[] {
  const format = useFormatter();
  const facets = useFacets();
  return useMemo(() => (facets.data?.[which] ?? []).map(({ value, count }) => ({ value, label: value, hint: format.number(count) })), [facets.data, which, format]);
}

/** One of the library's categories, or a new one. */
export function CategoryField({ value, onChange, error }: { value: string; onChange: (value: string) => void; error: string | undefined }) {
  const t = useT("prompts.field");
  const categories = useFacetSuggestions("categories");
  const typed = value.trim();
  const known = isOffered(categories, typed);
  // A whole name is a choice made: then all of them are offered again.
  const found = known ? categories.map((one) => ({ ...one, selected: one.value === typed })) : matching(categories, typed);
  const fresh: Suggestion[] = typed && !known ? [{ value: typed, label: t("new_category", { name: typed }), fresh: true }] : [];
  return (
    <Field label={t("category")} error={error} className="grid-cols-[minmax(0,1fr)]">
      <SuggestField
        label={t("categories")}
        text={value}
        onText={onChange}
        suggestions={[...found, ...fresh]}
        onPick={onChange}
        onBlur={() => { if (typed !== value) onChange(typed); }}
        placeholder={t("category_placeholder")}
        maxLength={LIMITS.category}
      />
    </Field>
  );
}

/** Tags as chips: Enter or a comma adds what is typed, Backspace takes the last one back. */
export function TagsField({ tags, onChange, error }: { tags: readonly string[]; onChange: (tags: string[]) => void; error: string | undefined }) {
  const t = useT("prompts.field");
  const known = useFacetSuggestions("tags");
  const [text, setText] = useState("");
  const typed = text.trim();
  const free = known.filter(({ value }) => !tags.includes(value));
  const fresh: Suggestion[] = typed && !isOffered(known, typed) ? [{ value: typed, label: t("new_tag", { name: typed }), fresh: true }] : [];
  const full = tags.length >= LIMITS.tags;

  const add = (written: string) => {
    onChange(withTags(tags, written));
    setText("");
  };
  const onText = (next: string) => {
    if (/[,،、，\n]/u.test(next)) add(next);
    else setText(next);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      if (typed) add(typed);
    } else if (event.key === "Backspace" && text === "") onChange(tags.slice(0, -1));
  };

  return (
    <Field label={t("tags")} error={error} className="grid-cols-[minmax(0,1fr)]" aside={full ? t("tags_full", { most: LIMITS.tags }) : undefined}>
      <SuggestField
        label={t("tags")}
        text={text}
        onText={onText}
        suggestions={full ? [] : [...matching(free, typed), ...fresh]}
        onPick={add}
        onKeyDown={onKeyDown}
        onBlur={() => { if (typed) add(typed); }}
        keepOpen
        placeholder={tags.length ? undefined : t("tags_placeholder")}
        chips={tags.map((tag) => <Chip key={tag} removeLabel={t("remove_tag", { name: tag })} onRemove={() => onChange(tags.filter((other) => other !== tag))}>{tag}</Chip>)}
      />
    </Field>
  );
}
