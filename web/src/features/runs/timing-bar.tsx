"use client";

import { useSeconds } from "@/lib/clock";
import { useFormat } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";
import type { Run } from "@/lib/api/schema";

import { timingOf } from "./timing";

function Elapsed({ since }: { since: string }) {
  const t = useT("runs.timing");
  const now = useSeconds();
  const { duration } = useFormat();
  const seconds = Math.max(0, Math.floor((now - new Date(since).getTime()) / 1_000));
  return (
    <div className="grid gap-2.5">
      <div className="h-2.5 animate-pulse-soft rounded-full bg-primary/35" />
      <p className="text-sm tabular-nums">{t("elapsed", { time: duration(seconds * 1_000) })}</p>
    </div>
  );
}

function Part({ swatch, name, children }: { swatch: string; name: string; children: string }) {
  return (
    <div className="flex items-center justify-between gap-3">
      <dt className="flex items-center gap-2 text-muted-foreground"><span aria-hidden="true" className={`size-2.5 rounded-full ${swatch}`} />{name}</dt>
      <dd className="tabular-nums">{children}</dd>
    </div>
  );
}

/** How long the first token took, and how long the rest. */
export function TimingBar({ run }: { run: Run }) {
  const t = useT("runs.timing");
  const { duration } = useFormat();
  const format = useFormatter();
  const timing = timingOf(run);
  if (run.status === "running") return <Elapsed since={run.created_at} />;
  if (!timing) return <p className="text-sm text-muted-foreground">–</p>;
  const { wait, stream, total, waitShare, rate } = timing;
  return (
    <div className="grid gap-3">
      <div aria-hidden="true" className="flex h-2.5 gap-0.5 overflow-hidden rounded-full">
        {wait === null ? <span className="grow bg-primary" /> : (
          <>
            <span className="min-w-1 bg-muted-foreground/45" style={{ width: `${waitShare * 100}%` }} />
            <span className="min-w-1 grow bg-primary" />
          </>
        )}
      </div>
      <dl className="grid gap-1.5 text-sm">
        {wait === null ? null : <Part swatch="bg-muted-foreground/45" name={t("wait")}>{duration(wait)}</Part>}
        {stream === null ? null : <Part swatch="bg-primary" name={t("stream")}>{duration(stream)}</Part>}
        <div className="flex items-center justify-between gap-3 font-medium"><dt>{t("total")}</dt><dd className="tabular-nums">{duration(total)}</dd></div>
      </dl>
      {rate === null ? null : <p className="text-xs text-muted-foreground tabular-nums">{t("rate", { rate: format.number(rate, { maximumFractionDigits: rate < 10 ? 1 : 0 }) })}</p>}
    </div>
  );
}
