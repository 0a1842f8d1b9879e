/** The arithmetic of the dashboard. */
import type { Dashboard, DashboardPoint, DashboardTotals } from "@/lib/api/schema";

export const RANGES = ["24h", "7d", "30d", "90d"] as const satisfies readonly Dashboard["range"][];
export type Range = Dashboard["range"];
export const DEFAULT_RANGE: Range = "7d";

export function readRange(params: URLSearchParams): Range {
  return RANGES.find((range) => range === params.get("range")) ?? DEFAULT_RANGE;
}

/** How a figure moved against the period before. */
export type Change = { kind: "none_before" } | { kind: "same" } | { kind: "up" | "down"; by: number };

const SAME_BELOW = 0.0005;

function moved(difference: number): Change {
  if (Math.abs(difference) < SAME_BELOW) return { kind: "same" };
  return { kind: difference > 0 ? "up" : "down", by: Math.abs(difference) };
}

/** As a share of what was before; null where there is nothing to compare. */
export function relativeChange(now: number | null, before: number | null): Change | null {
  if (now === null || before === null || (now === 0 && before === 0)) return null;
  if (before === 0) return { kind: "none_before" };
  return moved(now / before - 1);
}

/** In percentage points, for figures that are shares themselves. */
export function pointChange(now: number | null, before: number | null): Change | null {
  if (now === null || before === null) return null;
  return moved(now - before);
}

/** The share of runs that did not fail; null without runs. */
export function successRate({ runs, failed }: Pick<DashboardTotals, "runs" | "failed">): number | null {
  return runs === 0 ? null : (runs - failed) / runs;
}

export function tokensOf({ input_tokens, output_tokens }: Pick<DashboardTotals, "input_tokens" | "output_tokens">): number {
  return input_tokens + output_tokens;
}

export interface Peak {
  at: string;
  runs: number;
}

/** The point with the most runs; the first of several. */
export function peakOf(series: readonly DashboardPoint[]): Peak | null {
  let peak: Peak | null = null;
  for (const { at, runs } of series) if (peak === null || runs > peak.runs) peak = { at, runs };
  return peak;
}

/** Between which values the median lay; null when nothing was measured. */
export function medianSpan(series: readonly DashboardPoint[]): { low: number; high: number } | null {
  const medians = series.map(({ latency_ms_p50 }) => latency_ms_p50).filter((ms) => ms !== null);
  return medians.length === 0 ? null : { low: Math.min(...medians), high: Math.max(...medians) };
}

export const SETUP_STEPS = ["key", "test", "agent", "call"] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

/** The first steps, whether each is done, and which one is next. */
export function setupOf({ model_key, model_tested, agent_created, agent_called }: Dashboard["setup"]) {
  const done: Readonly<Record<SetupStep, boolean>> = { key: model_key, test: model_tested, agent: agent_created, call: agent_called };
  const count = SETUP_STEPS.filter((step) => done[step]).length;
  return { done, count, complete: count === SETUP_STEPS.length, next: SETUP_STEPS.find((step) => !done[step]) ?? null };
}
