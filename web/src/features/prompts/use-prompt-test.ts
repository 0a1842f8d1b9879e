"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { variableNames } from "@/components/editor/variables";
import { invalidateAfter } from "@/lib/api/policies";
import { useMe } from "@/lib/api/session";
import { readLanes } from "@/lib/run-events";
import { openStream } from "@/lib/sse";

import { Memory } from "./memory";
import { useModelChoices } from "./model-field";
import { NO_TEST, PromptTest, testRequest, testsTheSame, type TestState } from "./prompt-test";
import { keepValues, readValues, type TestValues } from "./test-values";

const MOST_REMEMBERED = 20;
/** Results of the last tests, while the page is open. */
const results = new Memory<TestState>(MOST_REMEMBERED);

/** The test of one prompt. `id` is null until the prompt is saved. */
function usePromptTest(id: string | null): { test: PromptTest; state: TestState } {
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
function useTestValues(id: string | null): [TestValues, (change: Partial<TestValues>) => void] {
  // What was tried out in one organisation is none of another's, nor of another account's.
  const me = useMe();
  const [fresh] = useState(`${NEW}:${me?.org.id ?? ""}:${me?.id ?? ""}`);
  const [values, setValues] = useState(() => readValues(window.localStorage, id ?? fresh));
  const latest = useRef({ id, values });
  const kept = useRef(latest.current);
  const [keep] = useState(() => () => {
    const { current } = latest;
    if (kept.current === current) return;
    kept.current = current;
    keepValues(window.localStorage, current.id ?? fresh, current.values);
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

export type Testing = ReturnType<typeof useTesting>;

/** Testing the text of one prompt: with which values, by which models, and what came of it. */
export function useTesting(id: string | null, text: string) {
  const { test, state } = usePromptTest(id);
  const [values, setValues] = useTestValues(id);
  const choices = useModelChoices();
  const variables = useMemo(() => variableNames(text), [text]);
  const models = values.models.length ? values.models : choices.standard ? [choices.standard] : [];
  const request = testRequest(text, variables, values, models);
  const canRun = text.trim() !== "" && models.length > 0;
  /** Whether it runs now. */
  const run = (): boolean => {
    if (!canRun || state.busy) return false;
    test.run(request);
    return true;
  };
  return {
    state, choices, models, variables, values, setValues, canRun, run, stop: test.stop, retry: test.retry,
    /** The prompt or a value is another than in the last test. */
    outdated: state.request !== null && !testsTheSame(state.request, request),
  };
}
