import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { changeBetween } from "./code-mirror";

describe("changeBetween", () => {
  it("turns one text into the other", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "é") });
    fc.assert(fc.property(text, text, (before, after) => {
      const { from, to, insert } = changeBetween(before, after);
      expect(before.slice(0, from) + insert + before.slice(to)).toBe(after);
    }));
  });

  it("touches no more than what differs", () => {
    expect(changeBetween("Say hello now", "Say goodbye now")).toEqual({ from: 4, to: 9, insert: "goodbye" });
    expect(changeBetween("aa", "aaa")).toEqual({ from: 2, to: 2, insert: "a" });
    expect(changeBetween("same", "same")).toEqual({ from: 4, to: 4, insert: "" });
  });
});
