import { describe, expect, it } from "vitest";

import type { RunEvent, RunResult } from "@/lib/run-events";

import { endLanes, fastest, nextLanes, startLanes, type Lane } from "./lanes";

const lane = (index: number, event: RunEvent) => ({ type: "lane" as const, lane: index, event });
const result = (text: string, latencyMs: number): RunResult => ({
  text, latencyMs, ttftMs: null, runId: null, model: null, usage: { input_tokens: 1, output_tokens: 2 }, finishReason: null, cached: false,
});

describe("nextLanes", () => {
  it("keeps the lanes apart", () => {
    let lanes: readonly Lane[] = startLanes(["a/x", "b/y"]);
    const second = lanes[1];
    lanes = nextLanes(lanes, lane(0, { type: "started", runId: "r", model: "a/x-2026", conversationId: null, agentVersion: null, at: null }));
    expect(lanes[0]).toMatchObject({ asked: "a/x", model: "a/x-2026" });
    lanes = nextLanes(lanes, lane(0, { type: "delta", text: "He", at: null }));
    lanes = nextLanes(lanes, lane(0, { type: "delta", text: "y", at: null }));
    expect(lanes[0]).toMatchObject({ status: "streaming", text: "Hey" });
    expect(lanes[1]).toBe(second);
    lanes = nextLanes(lanes, lane(1, { type: "failed", code: "upstream_error", message: "no", retryable: true }));
    lanes = nextLanes(lanes, lane(0, { type: "completed", result: result("Hey!", 40) }));
    expect(lanes[0]).toMatchObject({ status: "done", text: "Hey!", metrics: { latencyMs: 40 } });
    expect(lanes[1]).toMatchObject({ status: "failed", error: "no" });
    expect(nextLanes(lanes, lane(7, { type: "cancelled" }))).toEqual(lanes);
  });

  it("ends what has no end", () => {
    const lanes = nextLanes(startLanes(["a/x", "b/y"]), lane(0, { type: "completed", result: result("", 1) }));
    expect(nextLanes(lanes, { type: "finished" }).map(({ status }) => status)).toEqual(["done", "stopped"]);
    expect(endLanes(lanes, "gone")[1]).toMatchObject({ status: "failed", error: "gone" });
    const ended = endLanes(lanes);
    expect(endLanes(ended)).toBe(ended);
  });
});

describe("fastest", () => {
  it("compares only what has finished", () => {
    const done = (latencyMs: number): Lane => ({ asked: "m", model: "m", status: "done", text: "", metrics: { latencyMs }, error: null });
    expect(fastest([done(30), done(20), ...startLanes(["x"])])).toBe(1);
    expect(fastest([done(30), ...startLanes(["x"])])).toBeNull();
    expect(fastest([done(20), done(20), done(30)])).toBeNull();
  });
});
