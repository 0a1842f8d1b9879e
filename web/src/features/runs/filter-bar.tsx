"use client";

import { MessagesSquare, RefreshCw, Search, SlidersHorizontal, X } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";

import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { $api } from "@/lib/api/query";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { KINDS, RANGES, STATUSES, isFiltered, type RunFilters } from "./run-filters";

const TYPING_MS = 300;
const AGENTS_OFFERED = 100;

interface Choice {
  value: string;
  label: string;
}

/** The text that is searched for: typed at once, asked for when the typing pauses. */
function SearchField({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const t = useT("runs.filter");
  const [typed, setTyped] = useState(value);
  const change = useRef(onChange);
  const asked = useRef(value);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => {
    // The address changed by itself: Back, a link, or clearing all filters.
    if (value === asked.current) return;
    asked.current = value;
    setTyped(value);
  }, [value]);
  useEffect(() => {
    const q = typed.trim();
    if (q === asked.current) return undefined;
    const timer = setTimeout(() => {
      asked.current = q;
      change.current(q);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <div className="relative min-w-0 grow basis-40 sm:max-w-72">
      <Search aria-hidden="true" className="pointer-events-none absolute inset-s-3 top-1/2 size-4 -translate-y-1/2 text-muted-foreground" />
      <Input
        type="search"
        aria-label={t("search")}
        placeholder={t("search_placeholder")}
        value={typed}
        maxLength={200}
        onChange={(event) => setTyped(event.target.value)}
        className="ps-9"
      />
    </div>
  );
}

function FilterSelect({ label, any, value, choices, onChange, className }: {
  label: string;
  any: string;
  value: string | null;
  choices: readonly Choice[];
  onChange: (value: string | null) => void;
  className?: string;
}) {
  return (
    <span className={cn("inline-flex min-w-0", value && "[&_select]:border-primary/50 [&_select]:bg-primary-soft [&_select]:text-primary-soft-foreground", className)}>
      <Select aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{any}</option>
        {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </Select>
    </span>
  );
}

/** The chosen value stays a choice even where the list of them does not hold it. */
function withChosen(choices: readonly Choice[], value: string | null, label: string | undefined): Choice[] {
  if (value === null || choices.some((choice) => choice.value === value)) return [...choices];
  return [...choices, { value, label: label ?? value }];
}

function useAgentChoices(chosen: string | null): Choice[] {
  const list = $api.useQuery("get", "/v1/agents", { params: { query: { limit: AGENTS_OFFERED, status: "published", sort: "name" } } }, { staleTime: 60_000 });
  const missing = chosen !== null && list.data !== undefined && !list.data.data.some(({ id }) => id === chosen);
  const one = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id: chosen ?? "" } } }, { enabled: missing, retry: false });
  return useMemo(() => withChosen((list.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })), chosen, one.data?.name), [list.data, one.data, chosen]);
}

/** Models that were asked lately: others would find nothing. */
function useModelChoices(chosen: string | null): Choice[] {
  const { data } = $api.useQuery("get", "/v1/dashboard", { params: { query: { range: "90d" } } }, { staleTime: 300_000 });
  return useMemo(() => withChosen((data?.models ?? []).map(({ model }) => ({ value: model, label: model })), chosen, undefined), [data, chosen]);
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
  const tCore = useT("core");
  const [open, setOpen] = useState(false);
  const agents = useAgentChoices(filters.agent);
  const models = useModelChoices(filters.model);
  const set = (name: keyof RunFilters) => (value: string | null) => onChange({ [name]: value });
  const inMenu = [filters.status, filters.agent, filters.kind, filters.model, filters.range].filter(Boolean).length;
  return (
    <div role="search" aria-label={t("label")} className="flex flex-wrap items-center gap-2">
      <SearchField value={filters.q} onChange={set("q")} />
      <Button variant="secondary" className="relative w-9.5 px-0 sm:hidden" aria-label={t("more")} aria-expanded={open} onClick={() => setOpen(!open)}>
        <SlidersHorizontal />
        {inMenu > 0 ? <span className="absolute -inset-e-1.5 -top-1.5 rounded-full bg-primary px-1.5 text-xs text-primary-foreground tabular-nums">{inMenu}</span> : null}
      </Button>
      <Button variant="secondary" className="w-9.5 px-0 sm:order-last sm:ms-auto" aria-label={tRuns("refresh")} title={tRuns("refresh")} onClick={onRefresh}>
        <RefreshCw className={cn(busy && "animate-spin")} />
      </Button>
      <div className={cn("w-full flex-wrap items-center gap-2 sm:flex sm:w-auto", open ? "grid grid-cols-2" : "hidden")}>
        <FilterSelect className="sm:w-34" label={t("status")} any={t("any_status")} value={filters.status} onChange={set("status")} choices={STATUSES.map((value) => ({ value, label: tStatus(value) }))} />
        <FilterSelect className="sm:w-40" label={t("agent")} any={t("any_agent")} value={filters.agent} onChange={set("agent")} choices={agents} />
        <FilterSelect className="sm:w-34" label={t("kind")} any={t("any_kind")} value={filters.kind} onChange={set("kind")} choices={KINDS.map((value) => ({ value, label: tKind(value) }))} />
        <FilterSelect className="sm:w-40" label={t("model")} any={t("any_model")} value={filters.model} onChange={set("model")} choices={models} />
        <FilterSelect className="col-span-2 sm:w-36" label={t("range")} any={t("any_time")} value={filters.range} onChange={set("range")} choices={RANGES.map((value) => ({ value, label: t(value) }))} />
      </div>
      {filters.conversation ? (
        <Button variant="soft" onClick={() => onChange({ conversation: null })}>
          <MessagesSquare />
          {t("conversation")}
          <X />
        </Button>
      ) : null}
      {isFiltered(filters) ? <Button variant="ghost" className="px-3 text-muted-foreground" onClick={onClear}>{tCore("clear_filters")}</Button> : null}
    </div>
  );
}
