"use client";

import { FilterBar } from "@/components/lists/filter-bar";
import { FilterSelect, withChosen } from "@/components/lists/filter-select";
import { SearchField } from "@/components/lists/search-field";
import { ViewSwitch } from "@/components/lists/view-switch";
import { Select } from "@/components/ui/select";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { SORTS, STATUSES, isFiltered, type AgentFilters } from "./list-params";

const SORT_NAMES = { "-updated_at": "sort_updated", "-created_at": "sort_created", name: "sort_name" } as const;

export function AgentFilterBar({ filters, onChange, onClear }: { filters: AgentFilters; onChange: (patch: QueryPatch) => void; onClear: () => void }) {
  const t = useT("agents");
  const view = useUi((state) => state.agentsView);
  const setView = useUi((state) => state.setAgentsView);
  const providers = $api.useQuery("get", "/v1/providers");
  const { q, status, provider, sort } = filters;
  const offered = withChosen((providers.data?.data ?? []).map(({ id, title }) => ({ value: id, label: title })), provider);
  return (
    <FilterBar
      label={t("filter.label")}
      search={<SearchField label={t("search")} placeholder={t("search_placeholder")} value={q} onChange={(next) => onChange({ q: next })} />}
      active={[status, provider].filter(Boolean).length}
      onClear={isFiltered(filters) ? onClear : undefined}
      end={<ViewSwitch view={view} onChange={setView} />}
    >
      <FilterSelect label={t("filter.status")} any={t("filter.any_status")} value={status} onChange={(next) => onChange({ status: next })} choices={STATUSES.map((value) => ({ value, label: t(`filter.${value}`) }))} />
      <FilterSelect className="sm:max-w-44" label={t("filter.provider")} any={t("filter.any_provider")} value={provider} onChange={(next) => onChange({ provider: next })} choices={offered} />
      <Select className="col-span-2 sm:w-auto" aria-label={t("filter.sort")} value={sort} onChange={(event) => onChange({ sort: event.target.value === SORTS[0] ? null : event.target.value })}>
        {SORTS.map((value) => <option key={value} value={value}>{t(`filter.${SORT_NAMES[value]}`)}</option>)}
      </Select>
    </FilterBar>
  );
}
