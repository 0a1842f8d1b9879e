import { describe, expect, it } from "vitest";

import { isFiltered, readFilters, toQuery } from "./run-filters";

const AGENT = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b";
const NOW = Date.UTC(2026, 6, 20, 12);
const read = (search: string) => readFilters(new URLSearchParams(search));

describe("filters of the list of runs", () => {
  it("says nothing when the address says nothing", () => {
    const filters = read("");
    expect(isFiltered(filters)).toBe(false);
    expect(toQuery(filters, NOW)).toEqual({});
  });

  it("carries everything to the server", () => {
    const filters = read(`status=failed&agent=${AGENT}&kind=generate&model=openai/gpt-4o-mini&range=7d&conversation=${AGENT}&q=+refund+`);
    expect(isFiltered(filters)).toBe(true);
    expect(toQuery(filters, NOW)).toEqual({
      status: "failed",
      agent_id: AGENT,
      kind: "generate",
      model: "openai/gpt-4o-mini",
      from: "2026-07-13T12:00:00.000Z",
      conversation_id: AGENT,
      q: "refund",
    });
  });

  it("passes over what nobody could have chosen", () => {
    const filters = read("status=exploded&agent=me&kind=x&model=gpt&range=1y&conversation=1&q=%20");
    expect(isFiltered(filters)).toBe(false);
    expect(toQuery(filters, NOW)).toEqual({});
  });

  it("keeps searches within what the server takes", () => {
    expect(read(`q=${"x".repeat(5_000)}`).q).toHaveLength(200);
  });

  it("knows names of models with slashes", () => {
    expect(read("model=openai/meta/llama-3").model).toBe("openai/meta/llama-3");
  });
});
