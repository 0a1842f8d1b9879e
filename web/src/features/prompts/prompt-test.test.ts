import { describe, expect, it, vi } from "vitest";

import { ApiError } from "@/lib/api/problem";
import { MalformedEventError, type LaneEvent, type RunEvent } from "@/lib/run-events";

import { PromptTest, testRequest, testsTheSame, type TestRequest } from "./prompt-test";

const REQUEST: TestRequest = { prompt_text: "Say hi", models: ["a/one", "b/two"] };

const lane = (at: number, event: RunEvent): LaneEvent => ({ type: "lane", lane: at, event });
const started = (at: number) => lane(at, { type: "started", runId: `run-${at}`, model: null, conversationId: null, agentVersion: null, at: null });
const said = (at: number, text: string) => lane(at, { type: "delta", text, at: null });
const completed = (at: number, text: string) => lane(at, {
  type: "completed",
  result: { text, runId: `run-${at}`, model: null, usage: { input_tokens: 3, output_tokens: 2 }, latencyMs: 40, ttftMs: 9, finishReason: "stop", cached: false },
});
const failed = (at: number) => lane(at, { type: "failed", code: "upstream_error", message: "No.", retryable: true });
const FINISHED: LaneEvent = { type: "finished" };

/** A stream that the test feeds, one per call. */
class Wire {
  readonly calls: { request: TestRequest; signal: AbortSignal; push: (...events: LaneEvent[]) => void; end: (thrown?: unknown) => void }[] = [];

  readonly send = (request: TestRequest, signal: AbortSignal): AsyncIterable<LaneEvent> => {
    const queue: (() => Promise<IteratorResult<LaneEvent>>)[] = [];
    let wake: (() => void) | null = null;
    const add = (...results: (() => Promise<IteratorResult<LaneEvent>>)[]) => {
      queue.push(...results);
      wake?.();
    };
    this.calls.push({
      request,
      signal,
      push: (...events) => add(...events.map((value) => () => Promise.resolve({ done: false as const, value }))),
      end: (thrown) => add(() => (thrown === undefined ? Promise.resolve({ done: true as const, value: undefined }) : Promise.reject(thrown as Error))),
    });
    const next = async (): Promise<IteratorResult<LaneEvent>> => {
      while (!queue.length) await new Promise<void>((resolve) => { wake = resolve; });
      return (queue.shift() as () => Promise<IteratorResult<LaneEvent>>)();
    };
    return { [Symbol.asyncIterator]: () => ({ next, return: () => Promise.resolve({ done: true, value: undefined }) }) };
  };
}

function setUp() {
  const wire = new Wire();
  const onEnd = vi.fn();
  const test = new PromptTest({ send: wire.send, onEnd });
  const call = (at: number) => {
    const found = wire.calls[at];
    if (!found) throw new Error(`there is no call ${at}`);
    return found;
  };
  return { wire, test, onEnd, call };
}

const settled = () => vi.waitFor(() => undefined);
const statuses = (test: PromptTest) => test.snapshot().lanes.map(({ status }) => status);
const texts = (test: PromptTest) => test.snapshot().lanes.map(({ text }) => text);

describe("a test of a prompt", () => {
  it("has a lane per model from the start and fills each by its own events", async () => {
    const { test, call, onEnd } = setUp();
    test.run(REQUEST);
    expect(statuses(test)).toEqual(["waiting", "waiting"]);
    expect(test.snapshot().busy).toBe(true);
    const finding = { code: "very_short", severity: "info", message: "Short." } as const;
    call(0).push({ type: "findings", findings: [finding] }, started(1), said(1, "he"), said(1, "y"), started(0), failed(0));
    await vi.waitFor(() => expect(texts(test)).toEqual(["", "hey"]));
    expect(statuses(test)).toEqual(["failed", "streaming"]);
    expect(test.snapshot().findings).toEqual([finding]);
    expect(onEnd).not.toHaveBeenCalled();
    call(0).push(completed(1, "hey you"), FINISHED);
    call(0).end();
    await vi.waitFor(() => expect(test.snapshot().busy).toBe(false));
    expect(test.snapshot().lanes[1]).toMatchObject({ status: "done", text: "hey you", runId: "run-1", metrics: { latencyMs: 40, ttftMs: 9, usage: { input_tokens: 3, output_tokens: 2 } } });
    expect(test.snapshot().lanes[0]?.error).toEqual({ code: "upstream_error", message: "No.", requestId: null });
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledTimes(1));
  });

  it("asks one model again and leaves the other alone", async () => {
    const { test, call } = setUp();
    test.run(REQUEST);
    call(0).push(failed(0), said(1, "still "));
    await vi.waitFor(() => expect(statuses(test)).toEqual(["failed", "streaming"]));
    test.retry(0);
    expect(call(1).request).toEqual({ prompt_text: "Say hi", models: ["a/one"] });
    call(1).push(said(0, "now"), completed(0, "now"), FINISHED);
    call(1).end();
    call(0).push(completed(1, "still here"), FINISHED);
    call(0).end();
    await vi.waitFor(() => expect(test.snapshot().busy).toBe(false));
    expect(texts(test)).toEqual(["now", "still here"]);
  });

  it("takes no retry of what is under way or is no lane", () => {
    const { test, wire } = setUp();
    test.retry(0);
    test.run(REQUEST);
    test.retry(0);
    test.retry(9);
    expect(wire.calls).toHaveLength(1);
  });

  it("stops: what came stays, what comes later is nothing", async () => {
    const { test, call, onEnd } = setUp();
    test.run(REQUEST);
    call(0).push(said(0, "half"), completed(1, "whole"));
    await vi.waitFor(() => expect(texts(test)).toEqual(["half", "whole"]));
    test.stop();
    expect(call(0).signal.aborted).toBe(true);
    expect(statuses(test)).toEqual(["stopped", "done"]);
    call(0).push(said(0, " and more"));
    call(0).end(new DOMException("stopped", "AbortError"));
    await settled();
    expect(texts(test)).toEqual(["half", "whole"]);
    expect(onEnd).not.toHaveBeenCalled();
  });

  it("forgets the last answers when it runs anew, and hears no more of them", async () => {
    const { test, call } = setUp();
    test.run(REQUEST);
    call(0).push(said(0, "old"));
    await vi.waitFor(() => expect(texts(test)[0]).toBe("old"));
    test.run({ ...REQUEST, models: ["c/three"] });
    expect(call(0).signal.aborted).toBe(true);
    call(0).push(said(0, "older"));
    call(1).push(said(0, "new"));
    await vi.waitFor(() => expect(texts(test)).toEqual(["new"]));
  });

  it("tells a refusal as one error, and a lost connection in each lane", async () => {
    const refusal = new ApiError(422, "model_unavailable", "No key", "req", [], null);
    const first = setUp();
    first.test.run(REQUEST);
    first.call(0).end(refusal);
    await vi.waitFor(() => expect(first.test.snapshot().refused).toBe(refusal));
    expect(first.test.snapshot()).toMatchObject({ lanes: [], busy: false });

    const second = setUp();
    second.test.run(REQUEST);
    second.call(0).push(completed(0, "in time"), said(1, "ha"));
    second.call(0).end(new TypeError("network error"));
    await vi.waitFor(() => expect(statuses(second.test)).toEqual(["done", "lost"]));

    const third = setUp();
    third.test.run(REQUEST);
    third.call(0).push(said(0, "a"));
    third.call(0).end();
    await vi.waitFor(() => expect(statuses(third.test)).toEqual(["lost", "lost"]));
  });

  it("keeps a refused retry in its lane, and a malformed event out of the others", async () => {
    const { test, call } = setUp();
    test.run(REQUEST);
    call(0).push(completed(0, "x"), said(1, "y"));
    call(0).end(new MalformedEventError("delta"));
    await vi.waitFor(() => expect(statuses(test)).toEqual(["done", "failed"]));
    expect(test.snapshot().lanes[1]).toMatchObject({ text: "y", error: { code: "malformed_reply" } });
    test.retry(1);
    call(1).end(new ApiError(429, "rate_limited", "Slow down", "r1", [], 3));
    await vi.waitFor(() => expect(statuses(test)).toEqual(["done", "failed"]));
    expect(test.snapshot().lanes[1]?.error).toEqual({ code: "rate_limited", message: "Slow down", requestId: "r1" });
    expect(test.snapshot().refused).toBeNull();
  });
});

describe("what is asked", () => {
  it("leaves out what is empty and what the text does not use", () => {
    expect(testRequest("Hi {{who}}", ["who", "tone"], { values: { who: "Ada", tone: "", old: "x" }, input: " " }, ["a/one"])).toEqual({
      prompt_text: "Hi {{who}}", models: ["a/one"], variables: { who: "Ada" },
    });
    expect(testRequest("Hi", [], { values: {}, input: " Hello " }, [])).toEqual({ prompt_text: "Hi", models: [], input_text: " Hello " });
  });

  it("is the same by whichever models", () => {
    expect(testsTheSame(REQUEST, { ...REQUEST, models: ["c/three"] })).toBe(true);
    expect(testsTheSame(REQUEST, { ...REQUEST, input_text: "x" })).toBe(false);
  });
});
