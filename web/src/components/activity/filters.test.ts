import { describe, expect, it } from "vitest";

import { exportUrl, isFiltered, readFilters, toQuery } from "./filters";

const NONE = { who: null, action: null, from: null, to: null, q: "" };
const read = (search: string) => readFilters(new URLSearchParams(search));
const ID = "01900000-0000-7000-8000-000000000001";

describe("the filters of a log", () => {
  it("are what the address says", () => {
    expect(read("")).toEqual(NONE);
    expect(isFiltered(read(""))).toBe(false);
    expect(read(`who=${ID}&action=auth.signed_in&from=2026-11-01&to=2026-11-28&q=+ada+`)).toEqual({ who: ID, action: "auth.signed_in", from: "2026-11-01", to: "2026-11-28", q: "ada" });
    expect(isFiltered(read("action=auth"))).toBe(true);
  });

  it("count what is said wrongly as not said", () => {
    expect(read("who=ada&action=Auth..x&from=2026-02-30&to=tomorrow&q=%20")).toEqual(NONE);
  });

  it("ask for a group by its dot, and for one action as it is", () => {
    expect(toQuery({ ...NONE, action: "auth" })).toEqual({ action: "auth." });
    expect(toQuery({ ...NONE, action: "auth.signed_in" })).toEqual({ action: "auth.signed_in" });
  });

  it("hold both days whole", () => {
    const { from, to } = toQuery({ ...NONE, from: "2026-02-28", to: "2026-02-28" });
    expect(new Date(from ?? "")).toEqual(new Date(2026, 1, 28));
    expect(new Date(to ?? "")).toEqual(new Date(2026, 2, 1));
  });

  it("narrow an export as they narrow the list", () => {
    expect(exportUrl("/v1/activity", "csv", { ...NONE, action: "auth", q: "a&b" })).toBe("/v1/activity/export?format=csv&action=auth.&q=a%26b");
    expect(exportUrl("/v1/admin/activity", "ndjson", NONE)).toBe("/v1/admin/activity/export?format=ndjson");
  });
});
