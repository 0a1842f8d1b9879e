import { describe, expect, it } from "vitest";

import type { DashboardPoint } from "@/lib/api/schema";

import { medianSpan, peakOf, pointChange, readRange, relativeChange, setupOf, successRate } from "./figures";

const point = (at: string, runs: number, latency_ms_p50: number | null = null): DashboardPoint => ({ at, runs, failed: 0, input_tokens: 0, output_tokens: 0, latency_ms_p50, latency_ms_p95: null });

describe("the dashboard's arithmetic", () => {
  it("reads the range from the address", () => {
    expect(readRange(new URLSearchParams("range=30d"))).toBe("30d");
    expect(readRange(new URLSearchParams("range=1y"))).toBe("7d");
    expect(readRange(new URLSearchParams())).toBe("7d");
  });

  it("compares with the period before", () => {
    expect(relativeChange(150, 100)).toEqual({ kind: "up", by: 0.5 });
    expect(relativeChange(75, 100)).toEqual({ kind: "down", by: 0.25 });
    expect(relativeChange(100, 100)).toEqual({ kind: "same" });
    expect(relativeChange(0, 0)).toBeNull();
    expect(relativeChange(3, 0)).toEqual({ kind: "none_before" });
    expect(relativeChange(null, 3)).toBeNull();
  });

  it("compares shares in points", () => {
    expect(pointChange(0.75, 0.5)).toEqual({ kind: "up", by: 0.25 });
    expect(pointChange(0.5, 0.5001)).toEqual({ kind: "same" });
    expect(pointChange(null, 1)).toBeNull();
  });

  it("has no rate without runs", () => {
    expect(successRate({ runs: 0, failed: 0 })).toBeNull();
    expect(successRate({ runs: 8, failed: 2 })).toBe(0.75);
  });

  it("finds peaks and spans", () => {
    expect(peakOf([])).toBeNull();
    expect(peakOf([point("a", 1), point("b", 4), point("c", 4)])).toEqual({ at: "b", runs: 4 });
    expect(medianSpan([point("a", 0)])).toBeNull();
    expect(medianSpan([point("a", 1, 300), point("b", 0), point("c", 2, 200)])).toEqual({ low: 200, high: 300 });
  });

  it("knows the next of the first steps, in whatever order they were done", () => {
    expect(setupOf({ model_key: false, model_tested: false, agent_created: true, agent_called: false })).toMatchObject({ count: 1, next: "key", complete: false });
    expect(setupOf({ model_key: true, model_tested: true, agent_created: true, agent_called: true })).toMatchObject({ count: 4, next: null, complete: true });
  });
});
