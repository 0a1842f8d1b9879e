"use client";

import { FilterBar } from "@/components/lists/filter-bar";
import { FilterSelect } from "@/components/lists/filter-select";
import { SearchField } from "@/components/lists/search-field";
import { ViewSwitch } from "@/components/lists/view-switch";
import { Select } from "@/components/ui/select";
import { useFormatter, useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { SORTS, facetChoices, isFiltered, type PromptFilters } from "./list-params";
import { useFacets } from "./use-prompts";

const SORT_NAMES = { "-updated_at": "sort_updated", "-created_at": "sort_created", name: "sort_name" } as const;

export function PromptFilterBar({ filters, onChange, onClear }: { filters: PromptFilters; onChange: (patch: QueryPatch) => void; onClear: () => void }) {
  const t = useT("prompts.filter");
  const format = useFormatter();
  const view = useUi((state) => state.promptsView);
  const setView = useUi((state) => state.setPromptsView);
  const facets = useFacets();
  const { q, category, tag, sort } = filters;
  const choices = (found: Parameters<typeof facetChoices>[0], chosen: string) =>
    facetChoices(found, chosen).map(({ value, count }) => ({ value, label: count === null ? value : `${value} (${format.number(count)})` }));
  return (
    <FilterBar
      label={t("label")}
      search={<SearchField label={t("search")} placeholder={t("search_placeholder")} value={q} onChange={(next) => onChange({ q: next })} />}
      active={[category, tag].filter(Boolean).length}
      onClear={isFiltered(filters) ? onClear : undefined}
      end={<ViewSwitch view={view} onChange={setView} />}
    >
      <FilterSelect className="sm:max-w-44" label={t("category")} any={t("any_category")} value={category} onChange={(next) => onChange({ category: next })} choices={choices(facets.data?.categories ?? [], category)} />
      <FilterSelect className="sm:max-w-44" label={t("tag")} any={t("any_tag")} value={tag} onChange={(next) => onChange({ tag: next })} choices={choices(facets.data?.tags ?? [], tag)} />
      <Select className="col-span-2 sm:w-auto" aria-label={t("sort")} value={sort} onChange={(event) => onChange({ sort: event.target.value === SORTS[0] ? null : event.target.value })}>
        {SORTS.map((value) => <option key={value} value={value}>{t(SORT_NAMES[value])}</option>)}
      </Select>
    </FilterBar>
  );
}
