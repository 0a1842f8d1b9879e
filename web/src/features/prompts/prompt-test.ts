import { ApiError } from "@/lib/api/problem";
import type { Finding, Validate } from "@/lib/api/schema";
import { beforePaint } from "@/lib/before-paint";
import type { LaneEvent } from "@/lib/run-events";

import { cutLane, isUnderWay, newLane, nextLane, stopLane, type Lane } from "./lanes";
import { givenValues, type TestValues } from "./test-values";

/** What is asked: `prompt_text` is what stands in the editor, saved or not. */
export type TestRequest = Pick<Validate, "prompt_text" | "variables" | "input_text"> & { models: readonly string[] };

/** The request that tests this text; variables without a value are left out. */
export function testRequest(text: string, variables: readonly string[], { values, input }: Pick<TestValues, "values" | "input">, models: readonly string[]): TestRequest {
  const given = givenValues(variables, values);
  return { prompt_text: text, models, ...(Object.keys(given).length ? { variables: given } : {}), ...(input.trim() ? { input_text: input } : {}) };
}

/** Whether two requests test the same, by whichever models. */
export function testsTheSame(a: TestRequest, b: TestRequest): boolean {
  return JSON.stringify({ ...a, models: [] }) === JSON.stringify({ ...b, models: [] });
}

export interface TestState {
  lanes: readonly Lane[];
  findings: readonly Finding[];
  /** What the lanes answer to; null before the first test. */
  request: TestRequest | null;
  /** The server took none of it. */
  refused: ApiError | null;
  busy: boolean;
}

export const NO_TEST: TestState = { lanes: [], findings: [], request: null, refused: null, busy: false };

export interface TestOptions {
  /** `readLanes(openStream(…))`. */
  send: (request: TestRequest, signal: AbortSignal) => AsyncIterable<LaneEvent>;
  /** Every answer has ended. */
  onEnd?: (() => void) | undefined;
}

/** One test of a prompt by several models at once; knows no framework. What came is told once a frame. */
export class PromptTest {
  options: TestOptions;
  #state: TestState;
  #shown: TestState;
  #unschedule: (() => void) | null = null;
  readonly #listeners = new Set<() => void>();
  readonly #streams = new Set<AbortController>();

  constructor(options: TestOptions, state: TestState = NO_TEST) {
    this.options = options;
    this.#state = this.#shown = state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): TestState => this.#shown;

  /** Asks all models anew; the answers of the last test go now. */
  readonly run = (request: TestRequest): void => {
    this.#hangUp();
    this.#state = { ...NO_TEST, request, lanes: request.models.map(newLane), busy: true };
    this.#tell();
    void this.#follow(request, request.models.map((_, lane) => lane), true);
  };

  /** Asks one model again, with what the others were asked. */
  readonly retry = (lane: number): void => {
    const { request, lanes } = this.#state;
    const old = lanes[lane];
    if (!request || !old || isUnderWay(old)) return;
    this.#setLanes([lane], () => newLane(old.model));
    this.#tell();
    void this.#follow({ ...request, models: [old.model] }, [lane], false);
  };

  /** Stops what is under way; what has come stays. */
  readonly stop = (): void => {
    this.#hangUp();
    this.#setLanes(this.#state.lanes.keys(), stopLane);
    this.#tell();
  };

  #hangUp(): void {
    for (const stream of this.#streams) stream.abort();
    this.#streams.clear();
  }

  #setLanes(which: Iterable<number>, change: (lane: Lane) => Lane): void {
    const lanes = [...this.#state.lanes];
    for (const at of which) {
      const lane = lanes[at];
      if (lane) lanes[at] = change(lane);
    }
    this.#state = { ...this.#state, lanes, busy: lanes.some(isUnderWay) };
  }

  #tell(): void {
    this.#unschedule?.();
    this.#unschedule = null;
    this.#shown = this.#state;
    for (const listener of this.#listeners) listener();
  }

  #take(event: LaneEvent, lanes: readonly number[], first: boolean): void {
    if (event.type === "findings" && first) this.#state = { ...this.#state, findings: event.findings };
    const at = event.type === "lane" ? lanes[event.lane] : undefined;
    if (event.type === "lane" && at !== undefined) this.#setLanes([at], (lane) => nextLane(lane, event.event));
    this.#unschedule ??= beforePaint(() => this.#tell());
  }

  /** Reads one stream, whose lane n is ours of `lanes[n]`. */
  async #follow(request: TestRequest, lanes: readonly number[], first: boolean): Promise<void> {
    const stream = new AbortController();
    this.#streams.add(stream);
    let came = false;
    try {
      for await (const event of this.options.send(request, stream.signal)) {
        if (stream.signal.aborted) return;
        came = true;
        this.#take(event, lanes, first);
      }
      if (stream.signal.aborted) return;
      this.#setLanes(lanes, (lane) => cutLane(lane));
    } catch (thrown) {
      if (stream.signal.aborted) return;
      if (first && !came && thrown instanceof ApiError) this.#state = { ...this.#state, lanes: [], refused: thrown, busy: false };
      else this.#setLanes(lanes, (lane) => cutLane(lane, thrown));
    }
    this.#streams.delete(stream);
    this.#tell();
    if (!this.#state.busy) this.options.onEnd?.();
  }
}
