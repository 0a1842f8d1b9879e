"use client";

import { useMemo, useState } from "react";

import { $api } from "@/lib/api/query";
import type { RunSummary } from "@/lib/api/schema";

import { toQuery, type RunFilters } from "./run-filters";

const PAGE = 25;
const LIVE_MS = 3_000;
const QUIET_MS = 20_000;

/** Runs newest first, page by page. They are read again by themselves, often while one of them is running. */
export function useRuns(filters: RunFilters) {
  const [opened] = useState(() => Date.now());
  const query = useMemo(() => ({ ...toQuery(filters, opened), limit: PAGE }), [filters, opened]);
  const result = $api.useInfiniteQuery("get", "/v1/runs", { params: { query } }, {
    pageParamName: "cursor",
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: (before) => before,
    // Every page is asked for again, so more pages wait longer.
    refetchInterval: ({ state }) => {
      const pages = state.data?.pages ?? [];
      const live = pages.some(({ data }) => data.some(({ status }) => status === "running"));
      return live ? LIVE_MS * pages.length : QUIET_MS * Math.max(1, pages.length);
    },
  });
  const runs = useMemo(() => unique(result.data?.pages.flatMap(({ data }) => data) ?? []), [result.data]);
  return { ...result, runs };
}

/** A run that began between two pages moves the rest down: it must not stand there twice. */
function unique(runs: readonly RunSummary[]): RunSummary[] {
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}
