import type { paths } from "@/lib/api/schema";

export type PromptQuery = NonNullable<paths["/v1/prompts"]["get"]["parameters"]["query"]>;

export const SORTS = ["-updated_at", "-created_at", "name"] as const satisfies readonly PromptQuery["sort"][];
const PAGE = 24;

export interface PromptFilters {
  q: string;
  category: string;
  tag: string;
  sort: (typeof SORTS)[number];
}

/** The filters that the address names; what it does not name, or names wrongly, is the default. */
export function filtersOf(params: URLSearchParams): PromptFilters {
  return {
    q: params.get("q") ?? "",
    category: params.get("category") ?? "",
    tag: params.get("tag") ?? "",
    sort: SORTS.find((sort) => sort === params.get("sort")) ?? SORTS[0],
  };
}

export function isFiltered({ q, category, tag }: PromptFilters): boolean {
  return q.trim() !== "" || category !== "" || tag !== "";
}

/** The query of GET /v1/prompts for these filters. */
export function queryOf({ q, category, tag, sort }: PromptFilters): PromptQuery {
  return {
    limit: PAGE,
    sort,
    ...(q.trim() ? { q: q.trim() } : {}),
    ...(category ? { category } : {}),
    ...(tag ? { tag } : {}),
  };
}

/** The choices of a filter: what the library has, and what is chosen even where it is in no list. */
export function facetChoices(facets: readonly { value: string; count: number }[], chosen: string): { value: string; count: number | null }[] {
  if (!chosen || facets.some(({ value }) => value === chosen)) return [...facets];
  return [{ value: chosen, count: null }, ...facets];
}
