"use client";

import { Bot, ListTree } from "lucide-react";
import { useMemo } from "react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
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
  if (filtered) return <NothingFound title={t("filtered_title")} onClear={onClear}>{t("filtered_body")}</NothingFound>;
  return (
    <EmptyState icon={ListTree} title={t("title")} action={<Button asChild><Link href="/agents"><Bot aria-hidden="true" />{t("action")}</Link></Button>}>
      {t("body")}
    </EmptyState>
  );
}

export function RunsScreen() {
  const t = useT("runs");
  const [params, setParams] = useQueryState();
  const filters = useMemo(() => readFilters(params), [params]);
  const { runs, ...list } = useRuns(filters);
  const clear = () => setParams(Object.fromEntries(FILTER_NAMES.map((name) => [name, null])));

  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")}>
        <FilterBar filters={filters} onChange={setParams} onClear={clear} onRefresh={() => void list.refetch()} busy={list.isFetching && !list.isFetchingNextPage} />
      </PageHeader>
      <ListFrame
        query={list}
        skeleton={<RunsSkeleton />}
        empty={runs.length ? null : <NoRuns filtered={isFiltered(filters)} onClear={clear} />}
        status={t(list.hasNextPage ? "loaded_more" : "loaded", { count: runs.length })}
      >
        <div>
          <RunTable runs={runs} />
          <RunCards runs={runs} />
        </div>
      </ListFrame>
    </div>
  );
}
