import type { Run } from "@/lib/api/schema";

/** How a run spent its time. */
export interface Timing {
  total: number;
  /** To the first token; null where it is not known. */
  wait: number | null;
  stream: number | null;
  /** The wait's share of the bar, 0 to 1. */
  waitShare: number;
  /** Tokens a second while the answer came; null where that says nothing. */
  rate: number | null;
}

const SHORTEST_STREAM_MS = 50;

/** Null while it runs, and of runs whose time was never taken. */
export function timingOf({ latency_ms: total, ttft_ms: ttft, output_tokens: tokens }: Pick<Run, "latency_ms" | "ttft_ms" | "output_tokens">): Timing | null {
  if (total === null) return null;
  if (ttft === null) return { total, wait: null, stream: null, waitShare: 0, rate: null };
  const wait = Math.min(ttft, total);
  const stream = total - wait;
  const rate = tokens !== null && tokens > 1 && stream >= SHORTEST_STREAM_MS ? tokens / (stream / 1_000) : null;
  return { total, wait, stream, waitShare: total === 0 ? 0 : wait / total, rate };
}
