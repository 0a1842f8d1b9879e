import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MalformedEventError, readLanes, readRun } from "./run-events";
import type { StreamEvent } from "./sse";

async function* sent(...events: [event: string, data: unknown, id?: string][]): AsyncGenerator<StreamEvent> {
  for (const [event, data, id] of events) yield { event, data, id };
}

async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

const GENERATION = {
  response: "Hi.", run_id: "r", model: "sandbox/sandbox", usage: { input_tokens: 3, output_tokens: 2 }, latency_ms: 120, ttft_ms: 40, finish_reason: "stop", cached: false,
};
const RESULT = {
  text: "Hi.", runId: "r", model: "sandbox/sandbox", usage: { input_tokens: 3, output_tokens: 2 }, latencyMs: 120, ttftMs: 40, finishReason: "stop", cached: false,
};

describe("readRun", () => {
  it("types what a run says", async () => {
    const events = sent(
      ["run.started", { run_id: "r", model: "sandbox/sandbox", conversation_id: "c", agent_version: 3 }, "0"],
      ["delta", { text: "Hi." }, "3"],
      ["run.completed", GENERATION, "end"],
    );
    expect(await collect(readRun(events))).toEqual([
      { type: "started", runId: "r", model: "sandbox/sandbox", conversationId: "c", agentVersion: 3, at: "0" },
      { type: "delta", text: "Hi.", at: "3" },
      { type: "completed", result: RESULT },
    ]);
  });

  it("types the other endings", async () => {
    expect(await collect(readRun(sent(["run.failed", { code: "upstream_error", message: "No.", retryable: true }])))).toEqual([
      { type: "failed", code: "upstream_error", message: "No.", retryable: true },
    ]);
    expect(await collect(readRun(sent(["run.cancelled", { run_id: "r" }])))).toEqual([{ type: "cancelled" }]);
  });

  it("passes over events it does not know", async () => {
    expect(await collect(readRun(sent(["tool.started", { name: "x" }], ["message", null], ["delta", { text: "a" }])))).toEqual([{ type: "delta", text: "a", at: null }]);
  });

  it("throws at a known event of another shape", async () => {
    for (const [event, data] of [["delta", {}], ["delta", null], ["delta", []], ["delta", "a"], ["delta", { text: 1 }], ["run.started", {}], ["run.completed", { response: "" }], ["run.failed", { code: "x" }]] as const) {
      await expect(collect(readRun(sent([event, data]))), `${event} ${JSON.stringify(data)}`).rejects.toThrow(MalformedEventError);
    }
  });

  it("throws nothing else, whatever comes", async () => {
    const name = fc.constantFrom("run.started", "delta", "run.completed", "run.failed", "run.cancelled", "x");
    await fc.assert(fc.asyncProperty(name, fc.jsonValue(), async (event, data) => {
      await collect(readRun(sent([event, data]))).catch((error: unknown) => expect(error).toBeInstanceOf(MalformedEventError));
    }));
  });
});

describe("readLanes", () => {
  it("tells the lanes apart", async () => {
    const findings = [{ code: "very_short", severity: "info", message: "Say more." }];
    const events = sent(
      ["findings", { findings }],
      ["run.started", { lane: 0, run_id: "a", model: "x/y" }],
      ["run.started", { lane: 1, run_id: "b", model: "x/z" }],
      ["delta", { lane: 1, text: "B" }],
      ["run.failed", { lane: 0, code: "upstream_error", message: "No.", retryable: false }],
      ["run.completed", { ...GENERATION, lane: 1 }],
      ["compare.completed", {}],
    );
    expect(await collect(readLanes(events))).toEqual([
      { type: "findings", findings },
      { type: "lane", lane: 0, event: { type: "started", runId: "a", model: "x/y", conversationId: null, agentVersion: null, at: null } },
      { type: "lane", lane: 1, event: { type: "started", runId: "b", model: "x/z", conversationId: null, agentVersion: null, at: null } },
      { type: "lane", lane: 1, event: { type: "delta", text: "B", at: null } },
      { type: "lane", lane: 0, event: { type: "failed", code: "upstream_error", message: "No.", retryable: false } },
      { type: "lane", lane: 1, event: { type: "completed", result: RESULT } },
      { type: "finished" },
    ]);
  });

  it("throws at a lane that is none, and at findings that are none", async () => {
    for (const [event, data] of [["delta", { text: "a" }], ["delta", { lane: -1, text: "a" }], ["delta", { lane: 0.5, text: "a" }], ["findings", {}], ["findings", { findings: [{}] }]] as const) {
      await expect(collect(readLanes(sent([event, data])))).rejects.toThrow(MalformedEventError);
    }
  });
});
