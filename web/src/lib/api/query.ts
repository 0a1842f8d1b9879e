import createQueryClient from "openapi-react-query";

import { api } from "./client";

/** The API as query hooks: `$api.useQuery("get", "/v1/agents")`, keyed by method, path and parameters. */
export const $api = createQueryClient(api);

/**
 * How lists are paged: `$api.useInfiniteQuery("get", path, init, BY_CURSOR)`. The first page asks with no
 * cursor; it is null because undefined would become the client's own default.
 */
export const BY_CURSOR = {
  pageParamName: "cursor",
  initialPageParam: null,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor ?? undefined,
} as const;
