import { beforeEach, describe, expect, it } from "vitest";

import { MOST_KEPT, NO_VALUES, givenValues, keepValues, readValues } from "./test-values";

const storage = window.localStorage;
const KEY = "agentgen.prompt-tests";
beforeEach(() => storage.clear());

describe("values of tests", () => {
  it("are kept by prompt", () => {
    const values = { values: { who: "Ada" }, input: "Hi", models: ["openai/echo"] };
    keepValues(storage, "a", values);
    keepValues(storage, "b", { ...values, input: "Ho" });
    expect(readValues(storage, "a")).toEqual(values);
    expect(readValues(storage, "b").input).toBe("Ho");
    expect(readValues(storage, "c")).toEqual(NO_VALUES);
  });

  it("of the prompt used longest ago go first", () => {
    for (let i = 0; i <= MOST_KEPT; i++) keepValues(storage, `p${i}`, { ...NO_VALUES, input: String(i) });
    expect(readValues(storage, "p0")).toEqual(NO_VALUES);
    expect(readValues(storage, "p1").input).toBe("1");
    expect(readValues(storage, `p${MOST_KEPT}`).input).toBe(String(MOST_KEPT));
  });

  it.each(["{", "null", "3", "{}", "[1,[2],[\"a\"]]", "[[\"a\",{\"values\":[],\"input\":3,\"models\":{}}]]"])("stand up to %s in the storage", (stored) => {
    storage.setItem(KEY, stored);
    expect(readValues(storage, "a")).toEqual(NO_VALUES);
    keepValues(storage, "a", { ...NO_VALUES, input: "x" });
    expect(readValues(storage, "a").input).toBe("x");
  });

  it("are dropped, not thrown, when nothing more fits", () => {
    const full = { getItem: () => null, setItem: () => { throw new DOMException("full", "QuotaExceededError"); }, removeItem: () => undefined } as unknown as Storage;
    expect(() => keepValues(full, "a", NO_VALUES)).not.toThrow();
  });
});

describe("givenValues", () => {
  it("has the variables that have a value, and no inherited names", () => {
    expect(givenValues(["who", "tone", "toString"], { who: "Ada", tone: "", other: "x" })).toEqual({ who: "Ada" });
  });
});
