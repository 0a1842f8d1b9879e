import { describe, expect, it } from "vitest";

import type { ErrorEntry } from "@/lib/api/schema";

import { entriesOf, readFilter, withCode } from "./error-filter";

function entry(id: string, code: string | null = null): ErrorEntry {
  return {
    id, code, source: code === null ? "client" : "run", kind: code === null ? "error" : "generate", message: "m", count: 1, created_at: "2026-07-20T12:00:00.000Z", last_at: "2026-07-20T12:00:00.000Z",
    retryable: null, run_id: null, agent_id: null, agent_name: null, model: null, path: null, stack: null, user_agent: null,
  };
}
const read = (search: string) => readFilter(new URLSearchParams(search));

describe("the filter of the error log", () => {
  it("reads the address", () => {
    expect(read("")).toEqual({ source: null, code: null });
    expect(read("source=run&code=upstream_timeout")).toEqual({ source: "run", code: "upstream_timeout" });
    expect(read("source=server&code=<b>")).toEqual({ source: null, code: null });
  });

  it("shows an entry once, though two pages hold it", () => {
    expect(entriesOf([{ data: [entry("a"), entry("b")] }, { data: [entry("b"), entry("c")] }]).map(({ id }) => id)).toEqual(["a", "b", "c"]);
  });

  it("narrows to a code", () => {
    const all = [entry("a", "timeout"), entry("b"), entry("c", "upstream_error")];
    expect(withCode(all, "timeout").map(({ id }) => id)).toEqual(["a"]);
    expect(withCode(all, null)).toBe(all);
  });
});
