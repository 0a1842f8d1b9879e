"use client";

import { LayoutGrid, Rows3, Search } from "lucide-react";

import { Input } from "@/components/ui/input";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { useDebounced } from "@/lib/debounce";
import { useFormatter, useT } from "@/lib/i18n";
import { useUi } from "@/lib/store";

import { SORTS, facetChoices, type PromptFilters } from "./list-params";
import { useFacets } from "./use-prompts";

const SORT_NAMES = { "-updated_at": "sort_updated", "-created_at": "sort_created", name: "sort_name" } as const;
const MOST_SEARCHED = 200;

function SearchField({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const t = useT("prompts.filter");
  const [text, setText] = useDebounced(q, onChange);
  return (
    <span className="relative w-full sm:w-auto sm:max-w-xs sm:grow">
      <Search aria-hidden="true" className="pointer-events-none absolute inset-s-3 top-1/2 size-4 -translate-y-1/2 text-muted-foreground" />
      <Input type="search" className="ps-9" value={text} maxLength={MOST_SEARCHED} onChange={(event) => setText(event.target.value)} aria-label={t("search")} placeholder={t("search_placeholder")} />
    </span>
  );
}

function FacetSelect({ label, any, facets, chosen, onChange }: { label: string; any: string; facets: readonly { value: string; count: number }[]; chosen: string; onChange: (value: string) => void }) {
  const format = useFormatter();
  return (
    <Select className="w-[calc(50%-0.25rem)] sm:w-auto sm:max-w-44" aria-label={label} value={chosen} onChange={(event) => onChange(event.target.value)}>
      <option value="">{any}</option>
      {facetChoices(facets, chosen).map(({ value, count }) => <option key={value} value={value}>{count === null ? value : `${value} (${format.number(count)})`}</option>)}
    </Select>
  );
}

function ViewSwitch() {
  const t = useT("prompts.view");
  const view = useUi((state) => state.promptsView);
  const setView = useUi((state) => state.setPromptsView);
  return (
    <Segmented
      className="ms-auto hidden md:inline-flex"
      label={t("label")}
      value={view}
      onChange={setView}
      options={[
        { value: "cards", label: <LayoutGrid aria-hidden="true" />, name: t("cards") },
        { value: "table", label: <Rows3 aria-hidden="true" />, name: t("table") },
      ]}
    />
  );
}

export function PromptFilterBar({ filters, onChange }: { filters: PromptFilters; onChange: (patch: Partial<Record<keyof PromptFilters, string>>) => void }) {
  const t = useT("prompts.filter");
  const facets = useFacets();
  return (
    <div role="search" aria-label={t("label")} className="flex flex-wrap items-center gap-2">
      <SearchField q={filters.q} onChange={(q) => onChange({ q })} />
      <FacetSelect label={t("category")} any={t("any_category")} facets={facets.data?.categories ?? []} chosen={filters.category} onChange={(category) => onChange({ category })} />
      <FacetSelect label={t("tag")} any={t("any_tag")} facets={facets.data?.tags ?? []} chosen={filters.tag} onChange={(tag) => onChange({ tag })} />
      <Select className="sm:w-auto" aria-label={t("sort")} value={filters.sort} onChange={(event) => onChange({ sort: event.target.value === SORTS[0] ? "" : event.target.value })}>
        {SORTS.map((sort) => <option key={sort} value={sort}>{t(SORT_NAMES[sort])}</option>)}
      </Select>
      <ViewSwitch />
    </div>
  );
}
