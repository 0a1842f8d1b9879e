"use client";

import { Bot, ListTree, SearchX } from "lucide-react";
import { useMemo } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, useQueryState } from "@/lib/nav";

import { FilterBar } from "./filter-bar";
import { FILTER_NAMES, isFiltered, readFilters } from "./run-filters";
import { RunCards } from "@/components/runs/run-cards";
import { RunTable } from "@/components/runs/run-table";
import { RunsSkeleton } from "./runs-skeleton";
import { useRuns } from "./use-runs";

function NoRuns({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const t = useT("runs.empty");
  const tCore = useT("core");
  if (filtered) {
    return (
      <EmptyState icon={SearchX} title={t("filtered_title")} action={<Button variant="secondary" onClick={onClear}>{tCore("clear_filters")}</Button>}>
        {t("filtered_body")}
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={ListTree} title={t("title")} action={<Button asChild><Link href="/agents"><Bot aria-hidden="true" />{t("action")}</Link></Button>}>
      {t("body")}
    </EmptyState>
  );
}

function MoreRuns({ count, hasMore, busy, onMore }: { count: number; hasMore: boolean; busy: boolean; onMore: () => void }) {
  const t = useT("runs");
  const tCore = useT("core");
  return (
    <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
      <p role="status" className="text-[0.8125rem] text-muted-foreground tabular-nums">{t(hasMore ? "loaded_more" : "loaded", { count })}</p>
      {hasMore ? <Button variant="secondary" busy={busy} onClick={onMore}>{tCore("loading_more")}</Button> : null}
    </div>
  );
}

export function RunsScreen() {
  const t = useT("runs");
  const [params, setParams] = useQueryState();
  const filters = useMemo(() => readFilters(params), [params]);
  const { runs, data, error, isFetching, isPlaceholderData, isFetchingNextPage, hasNextPage, refetch, fetchNextPage } = useRuns(filters);
  const clear = () => setParams(Object.fromEntries(FILTER_NAMES.map((name) => [name, null])));

  const list = () => {
    if (!data) return error ? <ErrorCard error={error} onRetry={() => void refetch()} /> : <RunsSkeleton />;
    if (runs.length === 0) return <NoRuns filtered={isFiltered(filters)} onClear={clear} />;
    return (
      <div aria-busy={isPlaceholderData} className={cn("transition-opacity", isPlaceholderData && "opacity-60")}>
        {error ? <ErrorCard error={error} onRetry={() => void refetch()} className="mb-4" /> : null}
        <RunTable runs={runs} />
        <RunCards runs={runs} />
        <MoreRuns count={runs.length} hasMore={hasNextPage} busy={isFetchingNextPage} onMore={() => void fetchNextPage()} />
      </div>
    );
  };

  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")}>
        <FilterBar filters={filters} onChange={setParams} onClear={clear} onRefresh={() => void refetch()} busy={isFetching && !isFetchingNextPage} />
      </PageHeader>
      {list()}
    </div>
  );
}
