"use client";

import { ChartNoAxesColumn } from "lucide-react";
import { lazy, Suspense, useEffect, useMemo } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { $api } from "@/lib/api/query";
import type { Dashboard } from "@/lib/api/schema";
import { usePermission } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, useQueryState } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { ByAgent, ByError, ByModel } from "./breakdown";
import { LatencyChart, RunsChart, TokensChart } from "./dashboard-charts";
import { DEFAULT_RANGE, RANGES, readRange, setupOf, type Range } from "./figures";
import { RecentRuns } from "./recent-runs";
import { RestoreSetup } from "./restore-setup";
import { StatTiles, StatTilesSkeleton } from "./stat-tiles";
import { Drafts, SavedConfigurations } from "./work";

// Its code is loaded by who has not finished it.
const SetupList = lazy(() => import("./setup-list").then((module) => ({ default: module.SetupList })));

const REFRESH_MS = 60_000;

function RangePicker({ range, onChange }: { range: Range; onChange: (range: Range) => void }) {
  const t = useT("dashboard.range");
  const options = RANGES.map((value) => ({
    value,
    name: t(value),
    label: <><span className="sm:hidden">{t(`${value}_short`)}</span><span className="hidden sm:inline">{t(value)}</span></>,
  }));
  return <Segmented<Range> label={t("label")} value={range} options={options} onChange={onChange} />;
}

function NoRuns({ range, onLonger }: { range: Range; onLonger: () => void }) {
  const t = useT("dashboard.empty");
  return (
    <EmptyState
      icon={ChartNoAxesColumn}
      title={t("title")}
      className="h-full"
      action={(
        <>
          {range === "90d" ? null : <Button variant="secondary" onClick={onLonger}>{t("longer")}</Button>}
          <Button asChild variant="secondary"><Link href="/agents">{t("agents")}</Link></Button>
        </>
      )}
    >
      {t("body")}
    </EmptyState>
  );
}

function Analysis({ data }: { data: Dashboard }) {
  if (data.totals.runs === 0) return null;
  return (
    <>
      <LatencyChart data={data} className="xl:col-span-6" />
      <TokensChart data={data} className="xl:col-span-6" />
      <ByModel models={data.models} className="xl:col-span-5" />
      <ByAgent agents={data.agents} className="xl:col-span-4" />
      <ByError errors={data.errors} className="xl:col-span-3" />
    </>
  );
}

/** What one works with stands beside the figures, whatever they say. */
function Grid({ data, range, onLonger }: { data: Dashboard | undefined; range: Range; onLonger: () => void }) {
  const figures = () => {
    if (!data) return <Skeleton className="h-full min-h-[19.75rem] rounded-xl" />;
    return data.totals.runs === 0 ? <NoRuns range={range} onLonger={onLonger} /> : <RunsChart data={data} className="h-full" />;
  };
  return (
    <div className="mt-4 grid grid-cols-[minmax(0,1fr)] gap-4 xl:grid-cols-12">
      <div className="min-w-0 xl:col-span-8">{figures()}</div>
      <Drafts className="xl:col-span-4" />
      <RecentRuns className="xl:col-span-8" />
      <SavedConfigurations className="xl:col-span-4" />
      {data ? <Analysis data={data} /> : null}
    </div>
  );
}

/**
 * Whether the first steps stand on top of everything, once that is known. Until then nothing may be shown
 * that they would push down; who had done them all when last here does not wait.
 */
function useSetup(setup: Dashboard["setup"] | undefined, failed: boolean): { waits: boolean; shows: boolean } {
  const builds = usePermission("agents:write");
  const hidden = useUi((state) => state.setupHidden);
  const wasComplete = useUi((state) => state.setupComplete);
  const setComplete = useUi((state) => state.setSetupComplete);
  const complete = setup && setupOf(setup).complete;
  useEffect(() => {
    if (complete !== undefined) setComplete(complete);
  }, [complete, setComplete]);
  const wanted = builds && !hidden;
  return { waits: wanted && !wasComplete && !setup && !failed, shows: wanted && complete === false };
}

function DashboardSkeleton() {
  return (
    <div aria-busy="true" className="grid gap-4">
      <StatTilesSkeleton />
      <Skeleton className="h-[19.75rem] rounded-xl" />
    </div>
  );
}

export function DashboardScreen() {
  const t = useT("dashboard");
  const [params, setParams] = useQueryState();
  const range = useMemo(() => readRange(params), [params]);
  const { data, error, isFetching, isPlaceholderData, refetch } = $api.useQuery("get", "/v1/dashboard", { params: { query: { range } } }, {
    placeholderData: (before) => before,
    refetchInterval: REFRESH_MS,
  });
  const builds = usePermission("agents:write");
  const setup = useSetup(data?.setup, error !== null);
  const setRange = (next: Range) => setParams({ range: next === DEFAULT_RANGE ? null : next });
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} actions={<RangePicker range={range} onChange={setRange} />} />
      {setup.waits ? <DashboardSkeleton /> : null}
      <Suspense fallback={<DashboardSkeleton />}>
        {/* Hidden rather than absent: what is in it asks for its own data meanwhile. */}
        <div hidden={setup.waits}>
          {data && setup.shows ? <SetupList setup={data.setup} onCheck={() => void refetch()} checking={isFetching} /> : null}
          {error ? <ErrorCard error={error} onRetry={() => void refetch()} className="mb-4" /> : null}
          <div aria-busy={isPlaceholderData} className={cn("transition-opacity", isPlaceholderData && "opacity-60")}>
            {data ? <StatTiles data={data} /> : error ? null : <StatTilesSkeleton />}
            <Grid data={data} range={range} onLonger={() => setRange("90d")} />
          </div>
          {data && builds ? <RestoreSetup setup={data.setup} /> : null}
        </div>
      </Suspense>
    </div>
  );
}
