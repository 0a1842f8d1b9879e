"use client";

import { LayoutGrid, Rows3, Search } from "lucide-react";

import { Input } from "@/components/ui/input";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { $api } from "@/lib/api/query";
import { useDebounced } from "@/lib/debounce";
import { useT } from "@/lib/i18n";
import { useUi } from "@/lib/store";

import { SORTS, STATUSES, type AgentFilters } from "./list-params";

const SORT_NAMES = { "-updated_at": "sort_updated", "-created_at": "sort_created", name: "sort_name" } as const;

function SearchField({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  const t = useT("agents");
  const [text, setText] = useDebounced(q, onChange);
  return (
    <span className="relative grow sm:max-w-xs">
      <Search aria-hidden="true" className="pointer-events-none absolute inset-s-3 top-1/2 size-4 -translate-y-1/2 text-muted-foreground" />
      <Input type="search" className="ps-9" value={text} onChange={(event) => setText(event.target.value)} aria-label={t("search")} placeholder={t("search_placeholder")} />
    </span>
  );
}

function ViewSwitch() {
  const t = useT("agents.view");
  const view = useUi((state) => state.agentsView);
  const setView = useUi((state) => state.setAgentsView);
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

export function AgentFilterBar({ filters, onChange }: { filters: AgentFilters; onChange: (patch: Partial<Record<keyof AgentFilters, string>>) => void }) {
  const t = useT("agents.filter");
  const tStatus = useT("agents.filter");
  const providers = $api.useQuery("get", "/v1/providers");
  return (
    <div className="flex flex-wrap items-center gap-2">
      <SearchField q={filters.q} onChange={(q) => onChange({ q })} />
      <Select className="w-auto" aria-label={t("status")} value={filters.status} onChange={(event) => onChange({ status: event.target.value })}>
        <option value="">{t("any_status")}</option>
        {STATUSES.map((status) => <option key={status} value={status}>{tStatus(status)}</option>)}
      </Select>
      <Select className="w-auto max-w-44" aria-label={t("provider")} value={filters.provider} onChange={(event) => onChange({ provider: event.target.value })}>
        <option value="">{t("any_provider")}</option>
        {providers.data?.data.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
      </Select>
      <Select className="w-auto" aria-label={t("sort")} value={filters.sort} onChange={(event) => onChange({ sort: event.target.value === SORTS[0] ? "" : event.target.value })}>
        {SORTS.map((sort) => <option key={sort} value={sort}>{t(SORT_NAMES[sort])}</option>)}
      </Select>
      <ViewSwitch />
    </div>
  );
}
