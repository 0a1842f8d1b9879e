import type { paths } from "@/lib/api/schema";

export type AgentQuery = NonNullable<paths["/v1/agents"]["get"]["parameters"]["query"]>;
export type AgentSort = NonNullable<AgentQuery["sort"]>;

export const SORTS = ["-updated_at", "-created_at", "name"] as const satisfies readonly AgentSort[];
export const STATUSES = ["published", "draft"] as const;
const PAGE = 24;

export interface AgentFilters {
  q: string;
  status: (typeof STATUSES)[number] | "";
  provider: string;
  sort: (typeof SORTS)[number];
}

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | undefined {
  return choices.find((choice) => choice === value);
}

/** The filters that the address names; what it does not name, or names wrongly, is the default. */
export function filtersOf(params: URLSearchParams): AgentFilters {
  return {
    q: params.get("q") ?? "",
    status: oneOf(params.get("status"), STATUSES) ?? "",
    provider: params.get("provider") ?? "",
    sort: oneOf(params.get("sort"), SORTS) ?? SORTS[0],
  };
}

export function isFiltered({ q, status, provider }: AgentFilters): boolean {
  return q !== "" || status !== "" || provider !== "";
}

/** The query of GET /v1/agents for these filters. */
export function queryOf({ q, status, provider, sort }: AgentFilters): AgentQuery {
  return {
    limit: PAGE,
    sort,
    ...(q.trim() ? { q: q.trim() } : {}),
    ...(status ? { status } : {}),
    ...(provider ? { provider } : {}),
  };
}
