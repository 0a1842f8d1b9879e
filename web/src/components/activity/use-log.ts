"use client";

import { useMemo } from "react";

import { $api, BY_CURSOR } from "@/lib/api/query";

import { toQuery, type ActivityFilters } from "./filters";

const PAGE = 30;

/** The organisation's log, or the server's own. */
export type LogPath = "/v1/activity" | "/v1/admin/activity";

/** Both logs have one form: what is said of one holds of the other. */
const asOne = (path: LogPath) => path as "/v1/activity";

/** The entries that the filters let through, newest first, page by page: read each time, because everything adds to them, an export too. */
export function useLog(path: LogPath, filters: ActivityFilters) {
  const query = useMemo(() => ({ ...toQuery(filters), limit: PAGE }), [filters]);
  const result = $api.useInfiniteQuery("get", asOne(path), { params: { query } }, { ...BY_CURSOR, staleTime: 0, placeholderData: (before) => before });
  // An entry that came between two pages moves the rest down: it must not stand there twice.
  const entries = useMemo(() => [...new Map((result.data?.pages ?? []).flatMap(({ data }) => data).map((entry) => [entry.id, entry])).values()], [result.data]);
  return { ...result, entries };
}

/** Has the server follow the whole chain, each time anew. */
export function useVerification(path: LogPath) {
  return $api.useMutation("get", `${asOne(path)}/verify`);
}
