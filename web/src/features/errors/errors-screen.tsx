"use client";

import { SearchX, ShieldCheck } from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";

import { ListFrame } from "@/components/lists/list-frame";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { $api } from "@/lib/api/query";
import { topicOf } from "@/lib/error-guide";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { entriesOf, readFilter, withCode, type ErrorFilter, type Source } from "./error-filter";
import { ErrorRow } from "./error-row";

const PAGE = 30;
const ROWS = Array.from({ length: 8 }, (_, i) => i);

function useErrors(source: Source | null) {
  const query = useMemo(() => ({ limit: PAGE, ...(source ? { source } : {}) }), [source]);
  const result = $api.useInfiniteQuery("get", "/v1/errors", { params: { query } }, {
    pageParamName: "cursor",
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: (before) => before,
  });
  const entries = useMemo(() => entriesOf(result.data?.pages ?? []), [result.data]);
  return { ...result, entries };
}

function useCodes() {
  return $api.useQuery("get", "/v1/dashboard", { params: { query: { range: "7d" } } });
}

/** How often each cause stopped a run lately; a press narrows the log to it. */
function ByCode({ filter, onCode }: { filter: ErrorFilter; onCode: (code: string | null) => void }) {
  const t = useT("errors");
  const { number } = useFormat();
  const { data, isPending } = useCodes();
  if (filter.source === "client") return null;
  if (isPending) return <Skeleton className="mb-4 h-7 w-full max-w-2xl" />;
  if (!data || data.errors.length === 0) return null;
  return (
    <div role="group" aria-label={t("by_code")} className="mb-4 flex flex-wrap items-center gap-1.5">
      <span className="me-1 w-full text-[0.8125rem] text-muted-foreground sm:w-auto">{t("by_code")}</span>
      {data.errors.map(({ code, count }) => (
        <button
          key={code}
          type="button"
          aria-pressed={filter.code === code}
          title={code}
          onClick={() => onCode(filter.code === code ? null : code)}
          className="inline-flex h-7 items-center gap-2 rounded-full border bg-card px-2.5 text-[0.8125rem] transition-colors hover:bg-muted aria-pressed:border-primary aria-pressed:bg-primary-soft aria-pressed:text-primary-soft-foreground"
        >
          {t(`guide.${topicOf(code)}.title`)}
          <span className="text-xs text-muted-foreground tabular-nums">{number(count)}</span>
        </button>
      ))}
    </div>
  );
}

function ErrorsSkeleton() {
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

function NoErrors({ filter, onClear, more }: { filter: ErrorFilter; onClear: () => void; more: ReactNode }) {
  const t = useT("errors.empty");
  const tErrors = useT("errors");
  const tCore = useT("core");
  if (filter.code !== null) {
    return (
      <EmptyState icon={SearchX} title={t("code_title")} action={<><Button variant="secondary" onClick={onClear}>{tErrors("show_all_codes")}</Button>{more}</>}>{t("code_body")}</EmptyState>
    );
  }
  if (filter.source !== null) {
    return <EmptyState icon={ShieldCheck} title={t("filtered_title")} action={<Button variant="secondary" onClick={onClear}>{tCore("clear_filters")}</Button>}>{t("filtered_body")}</EmptyState>;
  }
  return <EmptyState icon={ShieldCheck} title={t("title")}>{t("body")}</EmptyState>;
}

export function ErrorsScreen() {
  const t = useT("errors");
  const tCore = useT("core");
  const [params, setParams] = useQueryState();
  const filter = useMemo(() => readFilter(params), [params]);
  const { entries, ...query } = useErrors(filter.source);
  const waits = useCodes().isPending && filter.source !== "client";
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const shown = withCode(entries, filter.code);
  const toggle = (id: string) => setOpen((before) => {
    const after = new Set(before);
    if (!after.delete(id)) after.add(id);
    return after;
  });

  const more = query.hasNextPage ? <Button variant="secondary" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{tCore("loading_more")}</Button> : null;
  return (
    <div className="page">
      <PageHeader
        title={t("title")}
        description={t("description")}
        actions={(
          <Segmented<Source | "all">
            label={t("filter.label")}
            value={filter.source ?? "all"}
            onChange={(value) => setParams({ source: value === "all" ? null : value, code: value === "client" ? null : filter.code })}
            options={[{ value: "all", label: t("filter.all") }, { value: "run", label: t("filter.run") }, { value: "client", label: t("filter.client") }]}
          />
        )}
      />
      <ByCode filter={filter} onCode={(code) => setParams({ code, ...(code ? { source: "run" } : {}) })} />
      <ListFrame
        query={query}
        waits={waits}
        skeleton={<ErrorsSkeleton />}
        empty={shown.length ? null : <NoErrors filter={filter} onClear={() => setParams({ source: filter.code ? filter.source : null, code: null })} more={more} />}
        status={filter.code ? t("code_filter", { code: filter.code, shown: shown.length, loaded: entries.length }) : t("loaded", { count: entries.length })}
      >
        <Card className="overflow-hidden">
          <ul aria-label={t("table")} className="divide-y">
            {shown.map((entry) => <ErrorRow key={entry.id} entry={entry} open={open.has(entry.id)} onToggle={() => toggle(entry.id)} />)}
          </ul>
        </Card>
      </ListFrame>
    </div>
  );
}
