import { describe, expect, it } from "vitest";

import { ApiError, networkError } from "./api/problem";
import { MalformedEventError, type RunEvent } from "./run-events";
import { liveRun, nextLive, watchRun, type LiveRun } from "./run-stream";

const started: RunEvent = { type: "started", runId: "r1", model: "m", conversationId: null, agentVersion: 1, at: "0" };
const delta = (text: string, at: string | null): RunEvent => ({ type: "delta", text, at });
const completed = (text: string): RunEvent => ({
  type: "completed",
  result: { text, runId: "r1", model: "m", usage: { input_tokens: 1, output_tokens: 2 }, latencyMs: 9, ttftMs: 3, finishReason: "stop", cached: false },
});

/** A connection: yields events, then ends, or throws. */
type Connection = readonly (RunEvent | Error)[];

async function watch(connections: readonly Connection[], start = liveRun("r1"), signal = new AbortController().signal) {
  const asked: (string | null)[] = [];
  const waits: number[] = [];
  const states: LiveRun[] = [];
  const open = async function* (from: LiveRun) {
    asked.push(from.at);
    for (const item of connections[asked.length - 1] ?? []) {
      if (item instanceof Error) throw item;
      yield item;
    }
  };
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  for await (const state of watchRun(start, { open, signal, wait })) states.push(state);
  return { asked, waits, states, last: states.at(-1) };
}

describe("watching a run", () => {
  it("adds the pieces up and ends with the whole answer", async () => {
    const { last, asked } = await watch([[started, delta("He", "2"), delta("llo", "5"), completed("Hello")]]);
    expect(last).toMatchObject({ phase: "completed", text: "Hello", runId: "r1", model: "m" });
    expect(asked).toEqual([null]);
  });

  it("goes on where the connection broke off", async () => {
    const { last, asked, waits } = await watch([[started, delta("He", "2")], [networkError()], [delta("llo", "5"), completed("Hello")]]);
    expect(asked).toEqual([null, "2", "2"]);
    expect(waits).toEqual([500, 1_000]);
    expect(last).toMatchObject({ phase: "completed", text: "Hello" });
  });

  it("starts over where the server named no place", async () => {
    const unnamed: RunEvent = { type: "started", runId: "r1", model: "m", conversationId: null, agentVersion: 1, at: null };
    const { states } = await watch([[unnamed, delta("He", null)], [unnamed, delta("He", null), delta("y", null), completed("Hey")]]);
    expect(states.map(({ text }) => text)).not.toContain("HeHe");
    expect(states.at(-1)).toMatchObject({ phase: "completed", text: "Hey" });
  });

  it("says that it does not know when nobody answers", async () => {
    const { last, asked } = await watch(Array.from({ length: 10 }, () => [networkError()]));
    expect(asked).toHaveLength(6);
    expect(last).toMatchObject({ phase: "lost", reconnecting: false });
  });

  it("does not ask again where the server refuses", async () => {
    const { last, asked } = await watch([[new ApiError(404, "not_found", "gone", null, [], null)]]);
    expect(asked).toHaveLength(1);
    expect(last?.phase).toBe("lost");
  });

  it("never starts a run twice", async () => {
    const failed = await watch([[networkError()]], liveRun(null));
    expect(failed.asked).toHaveLength(1);
    expect(failed.last).toMatchObject({ phase: "failed", error: { code: "network", retryable: true } });
    const silent = await watch([[]], liveRun(null));
    expect(silent.asked).toHaveLength(1);
    expect(silent.last?.phase).toBe("lost");
  });

  it("resumes a run it started once its id is known", async () => {
    const { asked, last } = await watch([[started, delta("a", "1")], [{ type: "cancelled" }]], liveRun(null));
    expect(asked).toEqual([null, "1"]);
    expect(last).toMatchObject({ phase: "cancelled", text: "a" });
  });

  it("gives up on what cannot be read", async () => {
    const { last, asked } = await watch([[started, new MalformedEventError("delta")]]);
    expect(asked).toHaveLength(1);
    expect(last?.phase).toBe("lost");
  });

  it("is silent once it was told to stop", async () => {
    const controller = new AbortController();
    controller.abort();
    const { states } = await watch([[started]], liveRun("r1"), controller.signal);
    expect(states).toEqual([]);
  });

  it("keeps what came when a run fails", () => {
    const live = nextLive(nextLive(liveRun("r1"), delta("part", "4")), { type: "failed", code: "upstream_incomplete", message: "x", retryable: true });
    expect(live).toMatchObject({ phase: "failed", text: "part", error: { code: "upstream_incomplete", retryable: true } });
  });
});
