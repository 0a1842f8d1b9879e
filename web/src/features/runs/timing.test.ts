import { describe, expect, it } from "vitest";

import { timingOf } from "./timing";

const run = (latency_ms: number | null, ttft_ms: number | null, output_tokens: number | null = null) => ({ latency_ms, ttft_ms, output_tokens });

describe("how a run spent its time", () => {
  it("is not known before it ended", () => expect(timingOf(run(null, null))).toBeNull());

  it("splits at the first token", () => {
    expect(timingOf(run(2_000, 500, 150))).toEqual({ total: 2_000, wait: 500, stream: 1_500, waitShare: 0.25, rate: 100 });
  });

  it("does without a first token", () => {
    expect(timingOf(run(800, null, 10))).toEqual({ total: 800, wait: null, stream: null, waitShare: 0, rate: null });
  });

  it("never shows a wait longer than the whole", () => {
    expect(timingOf(run(100, 140))).toMatchObject({ wait: 100, stream: 0, waitShare: 1 });
    expect(timingOf(run(0, 0))).toMatchObject({ waitShare: 0 });
  });

  it("gives no rate for what came in one piece", () => {
    expect(timingOf(run(500, 490, 40))?.rate).toBeNull();
    expect(timingOf(run(5_000, 490, 1))?.rate).toBeNull();
    expect(timingOf(run(5_000, 490, null))?.rate).toBeNull();
  });
});
