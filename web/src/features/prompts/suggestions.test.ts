import { describe, expect, it } from "vitest";

import { isOffered, matching, stepFrom } from "./suggestions";

const ALL = ["Business", "Vertrieb", "Équipe", "Small business"].map((value) => ({ value, label: value }));

describe("matching", () => {
  it("finds every word, whatever case and accents; what begins so comes first", () => {
    expect(matching(ALL, "bus").map(({ value }) => value)).toEqual(["Business", "Small business"]);
    expect(matching(ALL, "equipe").map(({ value }) => value)).toEqual(["Équipe"]);
    expect(matching(ALL, "business small").map(({ value }) => value)).toEqual(["Small business"]);
    expect(matching(ALL, " ")).toHaveLength(4);
    expect(matching(ALL, "zzz")).toEqual([]);
  });

  it("offers no more than a list can show", () => {
    expect(matching(Array.from({ length: 400 }, (_, i) => ({ value: `m${i}`, label: `m${i}` })), "m")).toHaveLength(50);
  });
});

describe("isOffered", () => {
  it("knows what is there already", () => {
    expect(isOffered(ALL, " business ")).toBe(true);
    expect(isOffered(ALL, "busines")).toBe(false);
  });
});

describe("stepFrom", () => {
  it("goes round", () => {
    expect([stepFrom(-1, 1, 3), stepFrom(-1, -1, 3), stepFrom(2, 1, 3), stepFrom(0, -1, 3), stepFrom(0, 1, 0)]).toEqual([0, 2, 0, 2, -1]);
  });
});
