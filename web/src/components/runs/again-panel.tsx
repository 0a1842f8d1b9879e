"use client";

import { ArrowRight, CircleAlert, X } from "lucide-react";

import { Markdown } from "@/components/chat/markdown";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Spinner } from "@/components/ui/spinner";
import { topicOf } from "@/lib/error-guide";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { hasEnded, type LiveRun } from "@/lib/run-stream";

import { ErrorHelp } from "./error-help";
import { RunStatus } from "./run-status";

function Outcome({ live }: { live: LiveRun }) {
  const t = useT("runs");
  const { duration } = useFormat();
  switch (live.phase) {
    case "completed":
      return <>{t("again.completed", { time: duration(live.result?.latencyMs) })}</>;
    case "cancelled":
      return <RunStatus status="cancelled" />;
    case "failed":
      return <RunStatus status="failed" />;
    case "lost":
      return <span className="text-warning">{t("again.lost")}</span>;
    default:
      return <span className="inline-flex items-center gap-2"><Spinner className="size-4 text-primary" />{t(live.reconnecting ? "detail.reconnecting" : "again.running")}</span>;
  }
}

function Failure({ live }: { live: LiveRun }) {
  const t = useT("errors");
  if (!live.error) return null;
  return (
    <div className="grid gap-3 rounded-lg bg-destructive-soft/60 p-4">
      <p className="flex items-center gap-2 text-sm font-medium text-destructive"><CircleAlert aria-hidden="true" className="size-4 shrink-0" />{t(`guide.${topicOf(live.error.code)}.title`)}</p>
      <ErrorHelp code={live.error.code} />
      {live.error.message ? <p dir="auto" className="font-mono text-xs [overflow-wrap:anywhere]">{live.error.message}</p> : null}
    </div>
  );
}

/** A question that is asked once more: what comes of it, and where the new run is found. */
export function AgainPanel({ live, onStop, onClose }: { live: LiveRun; onStop?: (() => void) | undefined; onClose: () => void }) {
  const t = useT("runs.again");
  const ended = hasEnded(live);
  return (
    <Card role="region" aria-label={t("title")} className="animate-in border-primary/40">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b px-5 py-3">
        <h2 className="text-[0.9375rem] font-semibold">{t("title")}</h2>
        <p role="status" className="grow text-sm text-muted-foreground"><Outcome live={live} /></p>
        <div className="flex items-center gap-2">
          {live.runId ? <Button asChild size="sm" variant="secondary"><Link href={`/runs/${live.runId}`}>{t("open")}<ArrowRight aria-hidden="true" className="rtl:-scale-x-100" /></Link></Button> : null}
          {!ended && live.runId && onStop ? <Button size="sm" variant="secondary" onClick={onStop}>{t("stop")}</Button> : null}
          {ended ? <Button size="icon-sm" variant="ghost" aria-label={t("close")} onClick={onClose}><X /></Button> : null}
        </div>
      </div>
      <div aria-busy={!ended} className="grid gap-4 px-5 py-4 empty:hidden">
        {live.text === "" ? null : <Markdown text={live.text} />}
        {live.phase === "failed" ? <Failure live={live} /> : null}
        {live.text === "" && !ended ? <p className="text-sm text-muted-foreground">…</p> : null}
      </div>
    </Card>
  );
}
