"use client";

import { useQueryClient } from "@tanstack/react-query";
import { ArrowLeft, CircleStop, Compass, RotateCw, WifiOff } from "lucide-react";
import { useCallback, useEffect, type ReactNode } from "react";

import { AgainPanel } from "@/components/runs/again-panel";
import { RunStatusBadge } from "@/components/runs/run-status";
import { requestAgain, useAgain, useCancelRun } from "@/components/runs/use-again";
import { ErrorCard } from "@/components/shell/error-card";
import { May } from "@/components/shell/may";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { RelativeTime } from "@/components/ui/relative-time";
import { invalidateAfter } from "@/lib/api/policies";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Run } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link, useSegment } from "@/lib/nav";
import { hasEnded, useLiveRun, type LiveRun } from "@/lib/run-stream";

import { ConversationRuns } from "./conversation-runs";
import { Exchange } from "./exchange";
import { RunDetailSkeleton } from "./run-detail-skeleton";
import { RunError } from "./run-error";
import { RunFacts } from "./run-facts";

const POLL_MS = 5_000;

function Back() {
  const t = useT("runs.detail");
  return (
    <Link href="/runs" className="-ms-1 mb-4 inline-flex items-center gap-1.5 rounded-md px-1 text-[0.8125rem] text-muted-foreground hover:text-foreground">
      <ArrowLeft aria-hidden="true" className="size-4 rtl:-scale-x-100" />
      {t("back")}
    </Link>
  );
}

function Heading({ run, actions }: { run: Run; actions: ReactNode }) {
  const t = useT("runs");
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="grid min-w-0 gap-1.5">
        <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1.5">
          <h1 dir="auto" className="clip min-w-0 text-2xl font-semibold">{run.agent_name ?? (run.agent_id ? t("deleted_agent") : t(`kind.${run.kind}`))}</h1>
          <RunStatusBadge status={run.status} />
        </div>
        <p className="flex flex-wrap items-center gap-x-2 text-sm text-muted-foreground">
          <bdi dir="ltr">{run.model}</bdi>
          <span aria-hidden="true">·</span>
          <RelativeTime value={run.created_at} />
        </p>
      </div>
      <div className="flex flex-wrap items-center gap-2">{actions}</div>
    </header>
  );
}

/** The connection to a run that still goes on, when it is not well. */
function Connection({ live, onReconnect }: { live: LiveRun | null; onReconnect: () => void }) {
  const t = useT("runs.detail");
  if (!live || (live.phase !== "lost" && !live.reconnecting)) return null;
  return (
    <div role="status" className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-warning/30 bg-warning-soft px-4 py-3 text-sm">
      <span className="flex items-center gap-2.5"><WifiOff aria-hidden="true" className="size-4 shrink-0 text-warning" />{t(live.reconnecting ? "reconnecting" : "lost")}</span>
      {live.reconnecting ? null : <Button size="sm" variant="secondary" onClick={onReconnect}>{t("reconnect")}</Button>}
    </div>
  );
}

function Detail({ run, live, onReconnect }: { run: Run; live: LiveRun | null; onReconnect: () => void }) {
  const t = useT("runs");
  const again = useAgain();
  const { cancel, pending } = useCancelRun();
  const request = requestAgain(run);
  const running = run.status === "running";
  const asking = again.live !== null && !hasEnded(again.live);
  return (
    <div className="page">
      <Back />
      <Heading
        run={run}
        actions={(
          <May permission="ai:run">
            {running ? <Button variant="secondary" busy={pending} onClick={() => cancel(run.id)}>{pending ? null : <CircleStop />}{t("detail.cancel")}</Button> : null}
            {request && !running ? (
              <Button variant={run.status === "failed" ? "primary" : "secondary"} onClick={() => again.start(request)} busy={asking}>
                {asking ? null : <RotateCw />}
                {t(run.status === "completed" ? "again.action" : "again.retry")}
              </Button>
            ) : null}
          </May>
        )}
      />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4">
          {running ? <Connection live={live} onReconnect={onReconnect} /> : null}
          {run.status === "failed" ? <RunError run={run} /> : null}
          {again.live ? <AgainPanel live={again.live} onStop={() => { if (again.live?.runId) cancel(again.live.runId); }} onClose={again.clear} /> : null}
          <Exchange run={run} live={live} />
        </div>
        <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4">
          <RunFacts run={run} />
          <ConversationRuns run={run} />
        </div>
      </div>
    </div>
  );
}

function Missing({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT("runs.detail");
  const { status } = toApiError(error);
  return (
    <div className="page">
      <Back />
      {status === 404 || status === 400 || status === 422 ? (
        <EmptyState icon={Compass} title={t("not_found")} action={<Button asChild variant="secondary"><Link href="/runs">{t("back")}</Link></Button>}>{t("not_found_body")}</EmptyState>
      ) : <ErrorCard error={error} onRetry={onRetry} />}
    </div>
  );
}

function RunDetail({ id }: { id: string }) {
  const queries = useQueryClient();
  const { live, follow } = useLiveRun(useCallback(() => void invalidateAfter(queries, "post /v1/ai/generate"), [queries]));
  const lost = live?.phase === "lost";
  const { data: run, error, refetch } = $api.useQuery("get", "/v1/runs/{id}", { params: { path: { id } } }, {
    // Nobody tells how it goes on any more: ask.
    refetchInterval: ({ state }) => (lost && state.data?.status === "running" ? POLL_MS : false),
  });
  const running = run?.status === "running";
  useEffect(() => {
    if (running) follow(id);
  }, [running, id, follow]);

  if (run) return <Detail run={run} live={live} onReconnect={() => follow(id)} />;
  return error ? <Missing error={error} onRetry={() => void refetch()} /> : <RunDetailSkeleton />;
}

export function RunDetailScreen() {
  const id = useSegment(1);
  return id === null ? <RunDetailSkeleton /> : <RunDetail key={id} id={id} />;
}
