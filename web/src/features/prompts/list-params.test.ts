import { describe, expect, it } from "vitest";

import { facetChoices, filtersOf, isFiltered, queryOf } from "./list-params";

describe("filters in the address", () => {
  it("are read, with defaults for what is missing or wrong", () => {
    expect(filtersOf(new URLSearchParams("q=a%20b&category=Sales&tag=mail&sort=name"))).toEqual({ q: "a b", category: "Sales", tag: "mail", sort: "name" });
    expect(filtersOf(new URLSearchParams("sort=drop"))).toEqual({ q: "", category: "", tag: "", sort: "-updated_at" });
  });

  it("become the query, without what is empty", () => {
    expect(queryOf({ q: "  ", category: "", tag: "", sort: "name" })).toEqual({ limit: 24, sort: "name" });
    expect(queryOf({ q: " a ", category: "Sales", tag: "mail", sort: "-created_at" })).toEqual({ limit: 24, sort: "-created_at", q: "a", category: "Sales", tag: "mail" });
  });

  it("count as filters only when they filter", () => {
    expect(isFiltered({ q: " ", category: "", tag: "", sort: "name" })).toBe(false);
    expect(isFiltered({ q: "", category: "", tag: "mail", sort: "name" })).toBe(true);
  });

  it("keep what is chosen among the choices", () => {
    const facets = [{ value: "Sales", count: 2 }];
    expect(facetChoices(facets, "")).toEqual(facets);
    expect(facetChoices(facets, "Sales")).toEqual(facets);
    expect(facetChoices(facets, "Gone")).toEqual([{ value: "Gone", count: null }, ...facets]);
  });
});
