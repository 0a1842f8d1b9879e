import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError } from "./api/problem";
import { ChatSession, treeOf, type ChatOptions, type Question, type Turn } from "./chat";
import { MalformedEventError, type RunEvent } from "./run-events";

/** A run that the test leads by hand. */
class Script implements AsyncIterable<RunEvent> {
  readonly #waiting: ((result: IteratorResult<RunEvent>) => void)[] = [];
  #fail: ((error: unknown) => void) | null = null;

  constructor(readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => this.break(new DOMException("", "AbortError")));
  }
  [Symbol.asyncIterator](): AsyncIterator<RunEvent> {
    return { next: () => new Promise((resolve, reject) => { this.#waiting.push(resolve); this.#fail = reject; }) };
  }
  async say(event: RunEvent): Promise<void> {
    this.#waiting.shift()?.({ done: false, value: event });
    await settled();
  }
  async end(): Promise<void> {
    this.#waiting.shift()?.({ done: true, value: undefined });
    await settled();
  }
  break(error: unknown): void {
    this.#fail?.(error);
  }
}

const settled = () => vi.advanceTimersByTimeAsync(0);
const nextFrame = () => vi.advanceTimersByTimeAsync(20);

const started = (runId = "r1", conversationId: string | null = null): RunEvent => ({ type: "started", runId, model: "x/y", conversationId, agentVersion: null, at: "0" });
const delta = (text: string, at: string | null = null): RunEvent => ({ type: "delta", text, at });
const completed = (text: string): RunEvent => ({
  type: "completed",
  result: { text, runId: "r1", model: "x/y", usage: { input_tokens: 1, output_tokens: 2 }, latencyMs: 10, ttftMs: 5, finishReason: "stop", cached: false },
});

function setUp(extra: Partial<ChatOptions> = {}) {
  const asked: Question[] = [];
  const runs: Script[] = [];
  const ended: Turn[] = [];
  const open = (signal: AbortSignal) => {
    const run = new Script(signal);
    runs.push(run);
    return run;
  };
  const session = new ChatSession({
    send: (question) => {
      asked.push(question);
      return open(question.signal);
    },
    onEnd: (turn) => ended.push(turn),
    ...extra,
  });
  const run = () => {
    const last = runs.at(-1);
    if (!last) throw new Error("nothing runs");
    return last;
  };
  const turns = () => session.snapshot().turns.map(({ turn }) => turn);
  const last = () => turns().at(-1) as Turn;
  const said = () => turns().map(({ role, text }) => `${role === "user" ? ">" : "<"}${text}`).join(" ");
  /** Says something and has it answered. */
  const exchange = async (question: string, answer: string, conversationId: string | null = null) => {
    session.send(question);
    await run().say(started("r1", conversationId));
    await run().say(completed(answer));
  };
  return { session, asked, runs, ended, open, run, turns, last, said, exchange };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an answer", () => {
  it("comes in pieces, one change a frame, and ends with its numbers", async () => {
    const { session, run, last, said, ended } = setUp();
    let changes = 0;
    session.subscribe(() => changes++);
    expect(session.send("Hi")).toBe(true);
    expect(last().status).toBe("waiting");
    await run().say(started());
    changes = 0;
    for (const piece of ["He", "l", "lo"]) await run().say(delta(piece));
    expect(changes).toBe(0);
    await nextFrame();
    expect(changes).toBe(1);
    expect(said()).toBe(">Hi <Hello");
    expect(session.snapshot().busy).toBe(true);
    await run().say(completed("Hello."));
    expect(last()).toMatchObject({ status: "done", text: "Hello.", runId: "r1", metrics: { latencyMs: 10, ttftMs: 5 } });
    expect(session.snapshot().busy).toBe(false);
    expect(ended).toHaveLength(1);
  });

  it("is not waited for by a hidden page", async () => {
    vi.stubGlobal("requestAnimationFrame", () => 0);
    const { session, run, said } = setUp();
    session.send("Hi");
    await run().say(delta("a"));
    await vi.advanceTimersByTimeAsync(250);
    expect(said()).toBe(">Hi <a");
    vi.unstubAllGlobals();
  });

  it("gives each question what was said before it", async () => {
    const { session, asked, exchange } = setUp();
    await exchange("One", "First", "c1");
    session.send("Two");
    expect(asked[1]).toMatchObject({
      input: "Two", reason: "send", conversationId: "c1", branched: false,
      history: [{ role: "user", content: "One" }, { role: "assistant", content: "First" }],
    });
  });

  it("is not asked for twice at a time, nor for nothing", () => {
    const { session, asked } = setUp();
    expect(session.send("  ")).toBe(false);
    session.send("One");
    expect(session.send("Two")).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it("leaves the rows of other turns as they are", async () => {
    const { session, run, exchange } = setUp();
    await exchange("One", "First");
    session.send("Two");
    const before = session.snapshot().turns;
    await run().say(delta("x"));
    await nextFrame();
    const after = session.snapshot().turns;
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    after.slice(0, 3).forEach((shown, i) => expect(shown).toBe(before[i]));
    expect(after[3]).not.toBe(before[3]);
  });
});

describe("stopping", () => {
  it("keeps what had come, marked", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await run().say(started());
    await run().say(delta("Half"));
    session.stop();
    expect(last()).toMatchObject({ status: "stopped", text: "Half" });
    expect(run().signal.aborted).toBe(true);
    await settled();
    expect(last().status).toBe("stopped");
  });

  it("cancels a run that would go on", async () => {
    const cancel = vi.fn(async () => undefined);
    const { session, run } = setUp({ cancel });
    session.send("Hi");
    await run().say(started("r7"));
    session.stop();
    expect(cancel).toHaveBeenCalledWith("r7");
    expect(run().signal.aborted).toBe(true);
  });

  it("waits for the name of a run that has not told it", async () => {
    const cancel = vi.fn(async () => undefined);
    const { session, run, last } = setUp({ cancel });
    session.send("Hi");
    session.stop();
    expect(last().status).toBe("stopped");
    expect(run().signal.aborted).toBe(false);
    await run().say(started("r8"));
    expect(cancel).toHaveBeenCalledWith("r8");
    expect(run().signal.aborted).toBe(true);
    expect(last().runId).toBeUndefined();
  });

  it("shows a run that was cancelled elsewhere as stopped", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await run().say(delta("Ha"));
    await run().say({ type: "cancelled" });
    expect(last()).toMatchObject({ status: "stopped", text: "Ha" });
  });
});

describe("failing", () => {
  it("tells why, and keeps what had come", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await run().say(delta("Ha"));
    await run().say({ type: "failed", code: "upstream_error", message: "The model broke.", retryable: true });
    expect(last()).toMatchObject({ status: "failed", text: "Ha", error: { code: "upstream_error", retryable: true } });
  });

  it("tells a refusal with its request", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await settled();
    run().break(new ApiError(429, "rate_limited", "Slow down.", "req-1", [], 3));
    await settled();
    expect(last()).toMatchObject({ status: "failed", error: { code: "rate_limited", requestId: "req-1", retryable: true } });
  });

  it("tells an event that cannot be read", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await settled();
    run().break(new MalformedEventError("delta"));
    await settled();
    expect(last()).toMatchObject({ status: "failed", error: { code: "malformed_reply" } });
  });

  it("tells a stream that just ended, and one that broke", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await run().say(delta("Ha"));
    await run().end();
    expect(last()).toMatchObject({ status: "lost", text: "Ha", resumable: false, error: { code: "connection_lost" } });
    session.retry(last().id);
    await settled();
    run().break(new TypeError("network error"));
    await settled();
    expect(last()).toMatchObject({ status: "lost", resumable: false });
  });

  it("goes on where it was cut off", async () => {
    const resume = vi.fn();
    const set = setUp({ resume: (interrupted) => { resume(interrupted); return set.open(interrupted.signal); } });
    const { session, run, last } = set;
    session.send("Hi");
    await run().say(started("r5"));
    await run().say(delta("Ha", "2"));
    await run().end();
    expect(last()).toMatchObject({ status: "lost", resumable: true });
    session.resume(last().id);
    expect(resume).toHaveBeenCalledWith(expect.objectContaining({ runId: "r5", lastEventId: "2" }));
    await run().say(started("r5"));
    await run().say(delta("lf", "4"));
    await nextFrame();
    expect(last()).toMatchObject({ status: "streaming", text: "Half" });
    await run().end();
    session.resume(last().id);
    expect(resume).toHaveBeenLastCalledWith(expect.objectContaining({ lastEventId: "4" }));
    await run().say(completed("Half and half"));
    expect(last()).toMatchObject({ status: "done", text: "Half and half", error: undefined });
  });

  it("comes again from its beginning where no place is known", async () => {
    const set = setUp({ resume: ({ signal }) => set.open(signal) });
    const { session, run, last } = set;
    session.send("Hi");
    await run().say(started());
    await run().say(delta("Ha"));
    await run().end();
    session.resume(last().id);
    expect(last().text).toBe("");
    await run().say(delta("Hal"));
    await nextFrame();
    expect(last().text).toBe("Hal");
  });
});

describe("versions", () => {
  it("asks again beside the old answer", async () => {
    const { session, run, said, last, asked, exchange } = setUp();
    await exchange("One", "First", "c1");
    const old = last().id;
    session.regenerate(old);
    expect(asked[1]).toMatchObject({ input: "One", reason: "regenerate", history: [], conversationId: null, branched: false });
    await run().say(completed("Better"));
    expect(said()).toBe(">One <Better");
    expect(session.snapshot().turns[1]?.versions).toEqual([old, last().id]);
    session.choose(old);
    expect(said()).toBe(">One <First");
  });

  it("asks another question beside the old one, and tells that it branches", async () => {
    const { session, run, said, turns, asked, exchange } = setUp();
    await exchange("One", "First", "c1");
    await exchange("Two", "Second", "c1");
    session.edit(turns()[2]?.id ?? "", "Zwei");
    expect(asked[2]).toMatchObject({ input: "Zwei", reason: "edit", conversationId: "c1", branched: true });
    expect(asked[2]?.history).toHaveLength(2);
    await run().say(completed("Zweite"));
    expect(said()).toBe(">One <First >Zwei <Zweite");
    session.choose(session.snapshot().turns[2]?.versions[0] ?? "");
    expect(said()).toBe(">One <First >Two <Second");
  });

  it("replaces a failed answer without text, and keeps one with text", async () => {
    const { session, run, last } = setUp();
    session.send("Hi");
    await run().say({ type: "failed", code: "x", message: "", retryable: true });
    session.retry(last().id);
    expect(session.snapshot().turns[1]?.versions).toHaveLength(1);
    await run().say(delta("Ha"));
    await run().end();
    session.retry(last().id);
    expect(session.snapshot().turns[1]?.versions).toHaveLength(2);
  });

  it("goes on in the background of another version", async () => {
    const { session, run, said, last, exchange } = setUp();
    await exchange("One", "First");
    const old = last().id;
    session.regenerate(old);
    session.choose(old);
    await run().say(completed("Later"));
    expect(said()).toBe(">One <First");
    expect(session.snapshot().turns[1]?.versions).toHaveLength(2);
  });

  it("shows a stored conversation and goes on behind it", () => {
    const { session, asked } = setUp();
    session.load(treeOf([
      { id: "turn-1", role: "user", text: "Then", status: "done" },
      { id: "turn-2", role: "assistant", text: "Before", status: "done", conversationId: "c9" },
    ]));
    session.send("Now");
    expect(asked[0]).toMatchObject({ conversationId: "c9", history: [{ content: "Then" }, { content: "Before" }] });
    expect(new Set(session.snapshot().turns.map(({ turn }) => turn.id)).size).toBe(4);
  });
});
