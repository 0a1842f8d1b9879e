"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";

import { invalidateAfter } from "@/lib/api/policies";
import { readLanes } from "@/lib/run-events";
import { openStream } from "@/lib/sse";

import { Memory } from "./memory";
import { NO_TEST, PromptTest, type TestState } from "./prompt-test";
import { keepValues, readValues, type TestValues } from "./test-values";

const MOST_REMEMBERED = 20;
/** Results of the last tests, while the page is open. */
const results = new Memory<TestState>(MOST_REMEMBERED);

/** The test of one prompt. `id` is null until the prompt is saved. */
export function usePromptTest(id: string | null): { test: PromptTest; state: TestState } {
  const queries = useQueryClient();
  const [test] = useState(() => new PromptTest({
    send: (request, signal) => readLanes(openStream({ path: "/v1/ai/validate", body: { ...request, stream: true }, signal })),
    onEnd: () => void invalidateAfter(queries, "post /v1/ai/validate"),
  }, (id === null ? undefined : results.get(id)) ?? NO_TEST));
  const name = useRef(id);
  useEffect(() => {
    name.current = id;
  }, [id]);
  // Who leaves hears no more of it: what has come stays.
  useEffect(() => () => {
    test.stop();
    if (name.current !== null) results.set(name.current, test.snapshot());
  }, [test]);
  return { test, state: useSyncExternalStore(test.subscribe, test.snapshot, test.snapshot) };
}

const NEW = "new";
const SETTLE_MS = 300;

/** What the prompt is tested with; kept in this browser, and under the prompt's id from when it has one. */
export function useTestValues(id: string | null): [TestValues, (change: Partial<TestValues>) => void] {
  const [values, setValues] = useState(() => readValues(window.localStorage, id ?? NEW));
  const latest = useRef({ id, values });
  const kept = useRef(latest.current);
  const [keep] = useState(() => () => {
    const { current } = latest;
    if (kept.current === current) return;
    kept.current = current;
    keepValues(window.localStorage, current.id ?? NEW, current.values);
  });
  useEffect(() => {
    if (latest.current.id === id && latest.current.values === values) return undefined;
    latest.current = { id, values };
    const timer = setTimeout(keep, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [id, values, keep]);
  useEffect(() => keep, [keep]);
  return [values, (change) => setValues((before) => ({ ...before, ...change }))];
}
