import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ApiError, networkError } from "@/lib/api/problem";

import { Autosaver } from "./autosave";

const stale = () => new ApiError(412, "version_mismatch", "changed meanwhile", null, [], null);

/** An autosaver over a variable, and what was sent with it. */
function setUp() {
  const screen = { text: "a" };
  const calls: { value: string; revision: number; last: boolean }[] = [];
  const replies: (() => Promise<number>)[] = [];
  const saver = new Autosaver({
    revision: 3,
    saved: "a",
    read: () => screen.text,
    save: (value, revision, last) => {
      calls.push({ value, revision, last });
      return replies.shift()?.() ?? Promise.resolve(revision + 1);
    },
  });
  const type = (text: string) => {
    screen.text = text;
    saver.touch();
  };
  return { saver, type, calls, replies, screen };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("Autosaver", () => {
  it("saves once, a moment after the typing stopped", async () => {
    const { saver, type, calls } = setUp();
    for (const text of ["ab", "abc", "abcd"]) {
      type(text);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(calls).toEqual([]);
    expect(saver.snapshot().state).toBe("waiting");
    await vi.advanceTimersByTimeAsync(400);
    expect(calls).toEqual([{ value: "abcd", revision: 3, last: false }]);
    expect(saver.snapshot().state).toBe("saved");
    expect(saver.revision).toBe(4);
  });

  it("saves every few seconds of somebody who does not stop typing", async () => {
    const { type, calls } = setUp();
    for (let i = 0; i < 30; i++) {
      type(`text ${i}`);
      await vi.advanceTimersByTimeAsync(300);
    }
    expect(calls.length).toBe(1);
  });

  it("comes to rest behind what is on its way, and is then at its revision", async () => {
    const { saver, type, calls, replies } = setUp();
    let reply: (revision: number) => void = () => undefined;
    replies.push(() => new Promise((resolve) => { reply = resolve; }));
    type("ab");
    await vi.advanceTimersByTimeAsync(1_000);
    type("abc");
    let rested = false;
    const rest = saver.rest().then(() => { rested = true; });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rested).toBe(false);
    reply(7);
    await rest;
    expect(saver.revision).toBe(7);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.length).toBe(1);
  });

  it("sends nothing for a change that was taken back", async () => {
    const { saver, type, calls } = setUp();
    type("ab");
    type("a");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual([]);
    expect(saver.snapshot().state).toBe("saved");
  });

  it("saves what was typed while a save was under way on top of it", async () => {
    const { saver, type, calls, replies } = setUp();
    let answer: (revision: number) => void = () => undefined;
    replies.push(() => new Promise((resolve) => { answer = resolve; }));
    type("ab");
    await vi.advanceTimersByTimeAsync(900);
    type("abc");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(calls.length).toBe(1);
    answer(9);
    await vi.advanceTimersByTimeAsync(900);
    expect(calls[1]).toEqual({ value: "abc", revision: 9, last: false });
    expect(saver.snapshot().state).toBe("saved");
  });

  it("tries again, slower each time, and at once when the connection is back", async () => {
    const { saver, type, calls, replies } = setUp();
    replies.push(() => Promise.reject(networkError()), () => Promise.reject(networkError()), () => Promise.reject(networkError()));
    type("ab");
    await vi.advanceTimersByTimeAsync(900);
    expect(saver.snapshot().state).toBe("retrying");
    await vi.advanceTimersByTimeAsync(1_500);
    expect(calls.length).toBe(2);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(calls.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls.length).toBe(3);
    type("abc");
    saver.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(calls[3]).toEqual({ value: "abc", revision: 3, last: false });
    expect(saver.snapshot().state).toBe("saved");
  });

  it("stops at a conflict until it is decided", async () => {
    const { saver, type, calls, replies } = setUp();
    replies.push(() => Promise.reject(stale()));
    type("mine");
    await vi.advanceTimersByTimeAsync(900);
    expect(saver.snapshot().state).toBe("conflict");
    type("mine, more");
    await saver.flush();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.length).toBe(1);
    await saver.insist(7);
    expect(calls[1]).toEqual({ value: "mine, more", revision: 7, last: false });
    expect(saver.snapshot().state).toBe("saved");
  });

  it("takes the other version over", async () => {
    const { saver, type, calls, replies, screen } = setUp();
    replies.push(() => Promise.reject(stale()));
    type("mine");
    await vi.advanceTimersByTimeAsync(900);
    screen.text = "theirs";
    saver.accept(8);
    expect(saver.snapshot().state).toBe("saved");
    type("theirs, and mine");
    await vi.advanceTimersByTimeAsync(900);
    expect(calls[1]).toEqual({ value: "theirs, and mine", revision: 8, last: false });
  });

  it("does not repeat what the server refuses, but saves what is changed then", async () => {
    const { saver, type, calls, replies } = setUp();
    replies.push(() => Promise.reject(new ApiError(413, "payload_too_large", "too large", null, [], null)));
    type("too much");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls.length).toBe(1);
    expect(saver.snapshot()).toMatchObject({ state: "refused", error: { code: "payload_too_large" } });
    type("less");
    await vi.advanceTimersByTimeAsync(900);
    expect(saver.snapshot().state).toBe("saved");
  });

  it("saves at once when asked, and says that the page goes", async () => {
    const { saver, type, calls } = setUp();
    type("ab");
    await saver.flush(true);
    expect(calls).toEqual([{ value: "ab", revision: 3, last: true }]);
    await saver.flush();
    expect(calls.length).toBe(1);
  });
});
