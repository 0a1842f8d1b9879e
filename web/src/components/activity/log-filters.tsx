"use client";

import { FilterBar } from "@/components/lists/filter-bar";
import { FilterSelect, withChosen, type Choice } from "@/components/lists/filter-select";
import { SearchField } from "@/components/lists/search-field";
import { Input } from "@/components/ui/input";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { useActionTexts } from "./actions";
import { FILTER_NAMES, isFiltered, type ActionGroup, type ActivityFilters } from "./filters";

function DayField({ label, value, onChange }: { label: string; value: string | null; onChange: (day: string | null) => void }) {
  return (
    <label className="flex min-w-0 items-center gap-2 text-[0.8125rem] text-muted-foreground">
      {label}
      <Input type="date" className="min-w-0" value={value ?? ""} onChange={(event) => onChange(event.target.value || null)} />
    </label>
  );
}

export function LogFilters({ filters, groups, people, onChange }: {
  filters: ActivityFilters;
  /** What this log tells of. */
  groups: readonly ActionGroup[];
  people: readonly Choice[];
  onChange: (patch: QueryPatch) => void;
}) {
  const t = useT("activity.filter");
  const { actionName, groupName } = useActionTexts();
  const actions = withChosen(groups.map((value) => ({ value, label: groupName(value) })), filters.action, filters.action ? actionName(filters.action) : "");
  return (
    <FilterBar
      label={t("label")}
      search={<SearchField label={t("search")} placeholder={t("search_placeholder")} value={filters.q} onChange={(q) => onChange({ q })} />}
      active={[filters.who, filters.action, filters.from, filters.to].filter(Boolean).length}
      onClear={isFiltered(filters) ? () => onChange(Object.fromEntries(FILTER_NAMES.map((name) => [name, null]))) : undefined}
    >
      <FilterSelect className="sm:w-40" label={t("who")} any={t("anybody")} value={filters.who} onChange={(who) => onChange({ who })} choices={withChosen(people, filters.who, t("somebody"))} />
      <FilterSelect className="sm:w-40" label={t("action")} any={t("any_action")} value={filters.action} onChange={(action) => onChange({ action })} choices={actions} />
      <DayField label={t("from")} value={filters.from} onChange={(from) => onChange({ from })} />
      <DayField label={t("to")} value={filters.to} onChange={(to) => onChange({ to })} />
    </FilterBar>
  );
}
