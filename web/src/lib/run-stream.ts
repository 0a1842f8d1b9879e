"use client";

import { useCallback, useEffect, useRef, useState } from "react";

import { ApiError, toApiError } from "./api/problem";
import { MalformedEventError, readRun, type RunEvent, type RunResult } from "./run-events";
import { openStream } from "./sse";

/** What is known of a run that is being watched. `lost`: nobody could say how it ended. */
export interface LiveRun {
  phase: "waiting" | "streaming" | "completed" | "failed" | "cancelled" | "lost";
  runId: string | null;
  model: string | null;
  text: string;
  /** Where a cut stream goes on. */
  at: string | null;
  result: RunResult | null;
  error: { code: string; message: string; retryable: boolean } | null;
  /** Whether the connection is being made again. */
  reconnecting: boolean;
}

export function liveRun(runId: string | null): LiveRun {
  return { phase: "waiting", runId, model: null, text: "", at: null, result: null, error: null, reconnecting: false };
}

export function hasEnded({ phase }: LiveRun): boolean {
  return phase !== "waiting" && phase !== "streaming";
}

/** The state behind one event. */
export function nextLive(live: LiveRun, event: RunEvent): LiveRun {
  switch (event.type) {
    case "started":
      return { ...live, runId: event.runId, model: event.model ?? live.model, at: live.at ?? event.at, reconnecting: false };
    case "delta":
      return { ...live, phase: "streaming", text: live.text + event.text, at: event.at ?? live.at, reconnecting: false };
    case "completed":
      return { ...live, phase: "completed", text: event.result.text, result: event.result, runId: event.result.runId ?? live.runId, reconnecting: false };
    case "failed":
      return { ...live, phase: "failed", error: { code: event.code, message: event.message, retryable: event.retryable }, reconnecting: false };
    case "cancelled":
      return { ...live, phase: "cancelled", reconnecting: false };
  }
}

function failedBy(live: LiveRun, thrown: unknown): LiveRun {
  const { code, message, status, offline } = toApiError(thrown);
  return { ...live, phase: "failed", error: { code, message, retryable: offline || status === 429 || status >= 500 }, reconnecting: false };
}

/** Whether another connection may do better: the server did not refuse, it just was not heard. */
function worthReconnecting(thrown: unknown): boolean {
  if (thrown instanceof MalformedEventError || thrown instanceof SyntaxError) return false;
  return !(thrown instanceof ApiError) || thrown.offline || thrown.status >= 500;
}

const TRIES = 6;
const FIRST_WAIT_MS = 500;

export interface WatchOptions {
  /** Opens the stream that begins the run, or its replay from `from.at`. */
  open: (from: LiveRun) => AsyncIterable<RunEvent>;
  signal: AbortSignal;
  /** Waits before a new connection; tests give their own. */
  wait?: (ms: number) => Promise<void>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Follows a run to its end and yields its state after every event. A connection that ends early is made
 * again where it broke off, with growing waits; a run that has not told its id is never asked for twice.
 */
export async function* watchRun(start: LiveRun, { open, signal, wait = pause }: WatchOptions): AsyncGenerator<LiveRun, void, undefined> {
  let live = start;
  let failures = 0;
  while (!signal.aborted) {
    // Without a place to go on from, the answer comes again from its beginning.
    if (live.at === null && live.text !== "") live = { ...live, text: "" };
    try {
      for await (const event of open(live)) {
        failures = 0;
        yield (live = nextLive(live, event));
        if (hasEnded(live)) return;
      }
    } catch (thrown) {
      if (signal.aborted) return;
      if (live.runId === null || !worthReconnecting(thrown)) {
        yield live.runId === null ? failedBy(live, thrown) : { ...live, phase: "lost", reconnecting: false };
        return;
      }
    }
    if (live.runId === null || ++failures >= TRIES) {
      yield { ...live, phase: "lost", reconnecting: false };
      return;
    }
    yield (live = { ...live, reconnecting: true });
    await wait(FIRST_WAIT_MS * 2 ** (failures - 1));
  }
}

/** The events of a stored run, from where `from` stands. */
export function replay(runId: string, from: LiveRun, signal: AbortSignal): AsyncIterable<RunEvent> {
  return readRun(openStream({ path: `/v1/runs/${encodeURIComponent(runId)}/events`, method: "GET", signal, lastEventId: from.at ?? undefined }));
}

/** What a new run is asked with. */
export interface RunRequest {
  agent_id: string;
  input_text: string;
  conversation_id?: string;
}

function generate(body: RunRequest, signal: AbortSignal): AsyncIterable<RunEvent> {
  return readRun(openStream({ path: "/v1/ai/generate", body: { ...body, stream: true }, signal }));
}

export interface LiveRunHandle {
  live: LiveRun | null;
  /** Watches a run that is under way. */
  follow: (runId: string) => void;
  /** Starts a new run and watches it. */
  start: (request: RunRequest) => void;
  /** Forgets it; the run itself goes on. */
  clear: () => void;
}

/** One watched run as React state, at most one update a frame. `onEnd` hears the last state. */
export function useLiveRun(onEnd: (live: LiveRun) => void): LiveRunHandle {
  const [live, setLive] = useState<LiveRun | null>(null);
  const controller = useRef<AbortController | null>(null);
  const ended = useRef(onEnd);
  useEffect(() => {
    ended.current = onEnd;
  });

  const clear = useCallback(() => {
    controller.current?.abort();
    controller.current = null;
    setLive(null);
  }, []);

  const watch = useCallback(async (runId: string | null, open: (from: LiveRun, signal: AbortSignal) => AsyncIterable<RunEvent>) => {
    controller.current?.abort();
    const own = new AbortController();
    controller.current = own;
    const begin = liveRun(runId);
    setLive(begin);
    let latest = begin;
    let frame = 0;
    const paint = () => {
      frame = 0;
      if (!own.signal.aborted) setLive(latest);
    };
    for await (const state of watchRun(begin, { open: (from) => open(from, own.signal), signal: own.signal })) {
      latest = state;
      if (frame === 0) frame = requestAnimationFrame(paint);
    }
    cancelAnimationFrame(frame);
    if (own.signal.aborted) return;
    setLive(latest);
    ended.current(latest);
  }, []);

  const follow = useCallback((runId: string) => void watch(runId, (from, signal) => replay(runId, from, signal)), [watch]);
  const start = useCallback(
    (request: RunRequest) =>
      void watch(null, (from, signal) => (from.runId === null ? generate(request, signal) : replay(from.runId, from, signal))),
    [watch],
  );

  useEffect(() => () => controller.current?.abort(), []);
  return { live, follow, start, clear };
}
