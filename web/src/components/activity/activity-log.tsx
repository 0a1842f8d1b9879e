"use client";

import { History } from "lucide-react";
import { useState } from "react";

import type { Choice } from "@/components/lists/filter-select";
import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Skeleton } from "@/components/ui/skeleton";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { FILTER_NAMES, isFiltered, type ActionGroup, type ActivityFilters } from "./filters";
import { LogFilters } from "./log-filters";
import { LogRow } from "./log-row";
import { useLog, type LogPath } from "./use-log";

const ROWS = Array.from({ length: 8 }, (_, i) => i);
const CLEARED = Object.fromEntries(FILTER_NAMES.map((name) => [name, null]));

function LogSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      {ROWS.map((i) => (
        <div key={i} className="grid h-17 content-center gap-2 px-5">
          <Skeleton className="h-4 w-56" />
          <Skeleton className="h-3.5 w-full max-w-xl" />
        </div>
      ))}
    </Card>
  );
}

/** A page looks through so many entries and may hold none of them, although others follow. */
function Nothing({ log, filters, onChange }: { log: ReturnType<typeof useLog>; filters: ActivityFilters; onChange: (patch: QueryPatch) => void }) {
  const t = useT("activity.empty");
  if (log.hasNextPage) {
    return (
      <EmptyState icon={History} title={t("further_title")} action={<Button variant="secondary" busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>{t("further")}</Button>}>{t("further_body")}</EmptyState>
    );
  }
  if (isFiltered(filters)) return <NothingFound title={t("filtered_title")} onClear={() => onChange(CLEARED)}>{t("filtered_body")}</NothingFound>;
  return <EmptyState icon={History} title={t("title")}>{t("body")}</EmptyState>;
}

/** A log: what narrows it, and its entries, each of which opens. */
export function ActivityLog({ path, filters, groups, people, onChange }: {
  path: LogPath;
  filters: ActivityFilters;
  groups: readonly ActionGroup[];
  people: readonly Choice[];
  onChange: (patch: QueryPatch) => void;
}) {
  const t = useT("activity");
  const log = useLog(path, filters);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (id: string) => setOpen((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <LogFilters filters={filters} groups={groups} people={people} onChange={onChange} />
      <ListFrame
        query={log}
        skeleton={<LogSkeleton />}
        empty={log.entries.length ? null : <Nothing log={log} filters={filters} onChange={onChange} />}
        status={t("shown", { count: log.entries.length })}
      >
        <Card className="overflow-hidden">
          <ul aria-label={t("list")} className="divide-y">
            {log.entries.map((entry) => <LogRow key={entry.id} entry={entry} open={open.has(entry.id)} onToggle={() => toggle(entry.id)} onFilter={onChange} />)}
          </ul>
        </Card>
      </ListFrame>
    </div>
  );
}
