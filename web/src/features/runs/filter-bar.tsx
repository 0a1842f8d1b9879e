"use client";

import { MessagesSquare, RefreshCw, X } from "lucide-react";
import { useMemo } from "react";

import { FilterBar as Bar } from "@/components/lists/filter-bar";
import { FilterSelect, withChosen, type Choice } from "@/components/lists/filter-select";
import { SearchField } from "@/components/lists/search-field";
import { Button } from "@/components/ui/button";
import { $api } from "@/lib/api/query";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { KINDS, RANGES, STATUSES, isFiltered, type RunFilters } from "./run-filters";

const AGENTS_OFFERED = 100;

function useAgentChoices(chosen: string | null): Choice[] {
  const list = $api.useQuery("get", "/v1/agents", { params: { query: { limit: AGENTS_OFFERED, status: "published", sort: "name" } } }, { staleTime: 60_000 });
  const missing = chosen !== null && list.data !== undefined && !list.data.data.some(({ id }) => id === chosen);
  const one = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id: chosen ?? "" } } }, { enabled: missing, retry: false });
  return useMemo(() => withChosen((list.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })), chosen, one.data?.name), [list.data, one.data, chosen]);
}

/** Models that were asked lately: others would find nothing. */
function useModelChoices(chosen: string | null): Choice[] {
  const { data } = $api.useQuery("get", "/v1/dashboard", { params: { query: { range: "90d" } } }, { staleTime: 300_000 });
  return useMemo(() => withChosen((data?.models ?? []).map(({ model }) => ({ value: model, label: model })), chosen), [data, chosen]);
}

export function FilterBar({ filters, onChange, onClear, onRefresh, busy }: {
  filters: RunFilters;
  onChange: (patch: QueryPatch) => void;
  onClear: () => void;
  onRefresh: () => void;
  /** Whether the list is on its way. */
  busy: boolean;
}) {
  const t = useT("runs.filter");
  const tRuns = useT("runs");
  const tKind = useT("runs.kind");
  const tStatus = useT("core.status");
  const agents = useAgentChoices(filters.agent);
  const models = useModelChoices(filters.model);
  const set = (name: keyof RunFilters) => (value: string | null) => onChange({ [name]: value });
  return (
    <Bar
      label={t("label")}
      search={<SearchField label={t("search")} placeholder={t("search_placeholder")} value={filters.q} onChange={set("q")} />}
      active={[filters.status, filters.agent, filters.kind, filters.model, filters.range].filter(Boolean).length}
      onClear={isFiltered(filters) ? onClear : undefined}
      aside={(
        <Button variant="secondary" className="w-9.5 px-0 sm:order-last sm:ms-auto" aria-label={tRuns("refresh")} title={tRuns("refresh")} onClick={onRefresh}>
          <RefreshCw className={cn(busy && "animate-spin")} />
        </Button>
      )}
      end={filters.conversation ? (
        <Button variant="soft" onClick={() => onChange({ conversation: null })}>
          <MessagesSquare />
          {t("conversation")}
          <X />
        </Button>
      ) : null}
    >
      <FilterSelect className="sm:w-34" label={t("status")} any={t("any_status")} value={filters.status} onChange={set("status")} choices={STATUSES.map((value) => ({ value, label: tStatus(value) }))} />
      <FilterSelect className="sm:w-40" label={t("agent")} any={t("any_agent")} value={filters.agent} onChange={set("agent")} choices={agents} />
      <FilterSelect className="sm:w-34" label={t("kind")} any={t("any_kind")} value={filters.kind} onChange={set("kind")} choices={KINDS.map((value) => ({ value, label: tKind(value) }))} />
      <FilterSelect className="sm:w-40" label={t("model")} any={t("any_model")} value={filters.model} onChange={set("model")} choices={models} />
      <FilterSelect className="col-span-2 sm:w-36" label={t("range")} any={t("any_time")} value={filters.range} onChange={set("range")} choices={RANGES.map((value) => ({ value, label: t(value) }))} />
    </Bar>
  );
}
