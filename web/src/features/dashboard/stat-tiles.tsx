"use client";

import { ArrowDownRight, ArrowUpRight } from "lucide-react";
import type { ReactNode } from "react";

import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import type { Dashboard } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

import { pointChange, relativeChange, successRate, tokensOf, type Change } from "./figures";

/** Which direction is good news; null where neither is. */
type Good = "up" | "down" | null;

function toneOf(change: Change, good: Good): string {
  if (good === null || (change.kind !== "up" && change.kind !== "down")) return "text-muted-foreground";
  return change.kind === good ? "text-success" : "text-destructive";
}

function ChangeNote({ change, good, points = false }: { change: Change | null; good: Good; points?: boolean }) {
  const t = useT("dashboard.change");
  const { percent } = useFormat();
  const format = useFormatter();
  if (!change) return null;
  if (change.kind === "none_before" || change.kind === "same") return <span className="text-xs text-muted-foreground">{t(change.kind)}</span>;
  const Arrow = change.kind === "up" ? ArrowUpRight : ArrowDownRight;
  const by = points ? format.number(change.by * 100, { maximumFractionDigits: 1 }) : percent(change.by);
  const words = points ? t(change.kind === "up" ? "points_up" : "points_down", { points: by }) : t(change.kind === "up" ? "more" : "less", { share: by });
  return (
    <span title={words} className={cn("inline-flex items-center gap-0.5 text-xs font-medium whitespace-nowrap tabular-nums", toneOf(change, good))}>
      <Arrow aria-hidden="true" className="size-3.5 rtl:-scale-x-100" />
      <span aria-hidden="true">{points ? t("points", { points: by }) : by}</span>
      <span className="sr-only">{words}</span>
    </span>
  );
}

function Tile({ name, value, exact, change, children }: { name: string; value: string; exact?: string; change: ReactNode; children: ReactNode }) {
  return (
    <Card className="grid content-start gap-1 px-4 py-3.5 sm:px-5 sm:py-4">
      <dt className="text-[0.8125rem] text-muted-foreground">{name}</dt>
      <dd className="grid gap-1">
        <span className="flex flex-wrap items-baseline gap-x-2.5">
          <span title={exact} className="text-[1.625rem] leading-9 font-semibold tracking-tight tabular-nums">{value}</span>
          {change}
        </span>
        <span className="text-xs text-pretty text-muted-foreground tabular-nums">{children}</span>
      </dd>
    </Card>
  );
}

/** The period in four figures, each against the period before. */
export function StatTiles({ data: { totals, previous } }: { data: Dashboard }) {
  const t = useT("dashboard.tile");
  const { compact, duration, number, percent } = useFormat();
  const rate = successRate(totals);
  const latency = totals.latency_ms_p50;
  return (
    <dl className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
      <Tile name={t("runs")} value={compact(totals.runs)} exact={number(totals.runs)} change={<ChangeNote change={relativeChange(totals.runs, previous.runs)} good={null} />}>
        {t("agents", { count: totals.agents })} · {t("prompts", { count: totals.prompts })}
      </Tile>
      <Tile name={t("success")} value={percent(rate)} change={<ChangeNote change={pointChange(rate, successRate(previous))} good="up" points />}>
        {totals.runs === 0 ? t("no_runs") : t("failed", { count: totals.failed })}
        {totals.cancelled > 0 ? ` · ${t("cancelled", { count: totals.cancelled })}` : null}
      </Tile>
      <Tile name={t("tokens")} value={compact(tokensOf(totals))} exact={number(tokensOf(totals))} change={<ChangeNote change={relativeChange(tokensOf(totals), tokensOf(previous))} good={null} />}>
        {t("in_out", { input: compact(totals.input_tokens), output: compact(totals.output_tokens) })}
      </Tile>
      <Tile name={t("latency")} value={duration(latency)} change={<ChangeNote change={relativeChange(latency, previous.latency_ms_p50)} good="down" />}>
        {latency === null ? t("no_runs") : t("p95", { time: duration(totals.latency_ms_p95) })}
        {totals.ttft_ms_p50 === null ? null : ` · ${t("first_token", { time: duration(totals.ttft_ms_p50) })}`}
      </Tile>
    </dl>
  );
}

export function StatTilesSkeleton() {
  return (
    <div aria-busy="true" className="grid grid-cols-2 gap-3 sm:gap-4 xl:grid-cols-4">
      {[0, 1, 2, 3].map((i) => <Skeleton key={i} className="h-28.5 rounded-xl" />)}
    </div>
  );
}
