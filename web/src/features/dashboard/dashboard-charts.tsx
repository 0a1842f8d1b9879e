"use client";

import { useMemo } from "react";

import { ChartCard, type ChartWords } from "@/components/charts/chart-card";
import type { ChartPoint, ChartSeries, ChartSpec } from "@/components/charts/chart-data";
import type { Dashboard, DashboardPoint } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useFormatter, useLocale, useT } from "@/lib/i18n";
import { LOCALES } from "@/lib/i18n-config";

import { medianSpan, peakOf } from "./figures";

type TimeFormat = (at: string) => string;

/** Days begin in UTC, as the server counts them; hours are told in the reader's time. */
function useTimes(bucket: Dashboard["bucket"]): { tick: TimeFormat; time: TimeFormat } {
  const format = useFormatter();
  return useMemo(() => {
    if (bucket === "hour") {
      return {
        tick: (at) => format.dateTime(new Date(at), { hour: "numeric", minute: "2-digit" }),
        time: (at) => format.dateTime(new Date(at), { weekday: "short", hour: "numeric", minute: "2-digit" }),
      };
    }
    return {
      tick: (at) => format.dateTime(new Date(at), { day: "numeric", month: "short", timeZone: "UTC" }),
      time: (at) => format.dateTime(new Date(at), { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }),
    };
  }, [bucket, format]);
}

function useWords(): ChartWords {
  const t = useT("dashboard.chart");
  return { asTable: t("as_table"), asChart: t("as_chart"), time: t("time"), nothing: t("nothing") };
}

interface Shape {
  kind: ChartSpec["kind"];
  series: readonly ChartSeries[];
  values: (point: DashboardPoint) => ChartPoint["values"];
  formatValue: (value: number) => string;
  whole: boolean;
}

function useSpec(data: Dashboard, { kind, series, values, formatValue, whole }: Shape): ChartSpec {
  const { tick, time } = useTimes(data.bucket);
  const rtl = LOCALES[useLocale() as keyof typeof LOCALES].dir === "rtl";
  const points = data.series.map((point) => ({ at: point.at, values: values(point) }));
  return { kind, series, points, formatTick: tick, formatTime: time, formatValue, rtl, whole };
}

interface ChartProps {
  data: Dashboard;
  className?: string;
}

/** First and last point in words, for what a chart says about itself. */
function useSpan(data: Dashboard): { from: string; to: string } {
  const { time } = useTimes(data.bucket);
  return { from: time(data.series[0]?.at ?? data.from), to: time(data.series.at(-1)?.at ?? data.to) };
}

export function RunsChart({ data, className = "" }: ChartProps) {
  const t = useT("dashboard.chart");
  const words = useWords();
  const { compact, number } = useFormat();
  const { time } = useTimes(data.bucket);
  const span = useSpan(data);
  const spec = useSpec(data, {
    kind: "bars",
    series: [{ key: "rest", label: t("succeeded"), tone: "accent" }, { key: "failed", label: t("failed"), tone: "danger" }],
    values: ({ runs, failed }) => ({ rest: runs - failed, failed }),
    formatValue: compact,
    whole: true,
  });
  const peak = peakOf(data.series);
  const summary = t("summary_runs", { ...span, total: number(data.totals.runs), failed: number(data.totals.failed), peak: number(peak?.runs ?? 0), at: peak ? time(peak.at) : "–" });
  return <ChartCard title={t("runs")} summary={summary} spec={spec} words={words} className={className} />;
}

export function LatencyChart({ data, className = "" }: ChartProps) {
  const t = useT("dashboard.chart");
  const words = useWords();
  const { duration } = useFormat();
  const span = useSpan(data);
  const spec = useSpec(data, {
    kind: "lines",
    series: [{ key: "p50", label: t("p50"), tone: "accent" }, { key: "p95", label: t("p95"), tone: "amber" }],
    values: ({ latency_ms_p50, latency_ms_p95 }) => ({ p50: latency_ms_p50, p95: latency_ms_p95 }),
    formatValue: duration,
    whole: false,
  });
  const medians = medianSpan(data.series);
  const summary = t("summary_latency", { ...span, low: duration(medians?.low), high: duration(medians?.high) });
  return <ChartCard title={t("latency")} summary={summary} spec={spec} words={words} className={className} />;
}

export function TokensChart({ data, className = "" }: ChartProps) {
  const t = useT("dashboard.chart");
  const words = useWords();
  const { compact, number } = useFormat();
  const span = useSpan(data);
  const spec = useSpec(data, {
    kind: "bars",
    series: [{ key: "input", label: t("input"), tone: "teal" }, { key: "output", label: t("output"), tone: "accent" }],
    values: ({ input_tokens, output_tokens }) => ({ input: input_tokens, output: output_tokens }),
    formatValue: compact,
    whole: true,
  });
  const summary = t("summary_tokens", { ...span, input: number(data.totals.input_tokens), output: number(data.totals.output_tokens) });
  return <ChartCard title={t("tokens")} summary={summary} spec={spec} words={words} className={className} />;
}
