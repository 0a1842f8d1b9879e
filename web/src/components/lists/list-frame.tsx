"use client";

import { SearchX } from "lucide-react";
import type { ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

/** What a list needs of `$api.useInfiniteQuery()`. */
export interface ListQuery {
  isPending: boolean;
  isPlaceholderData: boolean;
  error: unknown;
  refetch: () => unknown;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** Filters that nothing matches: says so, and leads back to the whole list. */
export function NothingFound({ title, children, onClear }: { title: string; children: ReactNode; onClear: () => void }) {
  const t = useT("core");
  return <EmptyState icon={SearchX} title={title} action={<Button variant="secondary" onClick={onClear}>{t("clear_filters")}</Button>}>{children}</EmptyState>;
}

/** A list in whatever state it is: on its way, failed, empty, there, and there with more to come. */
export function ListFrame({ query, waits = false, skeleton, empty, status, children }: {
  query: ListQuery;
  /** Whether something else that the entries are drawn with is still on its way. */
  waits?: boolean;
  skeleton: ReactNode;
  /** Stands in place of a list without entries; null when there are some. */
  empty: ReactNode;
  /** How many are shown, in words. */
  status?: string;
  children: ReactNode;
}) {
  const t = useT("core");
  if (query.isPending || waits) return skeleton;
  const error = query.error ? <ErrorCard error={query.error} onRetry={() => void query.refetch()} /> : null;
  if (empty) return error ?? empty;
  return (
    <div aria-busy={query.isPlaceholderData} className={cn("grid grid-cols-[minmax(0,1fr)] gap-4 transition-opacity", query.isPlaceholderData && "opacity-60")}>
      {error}
      {children}
      {status || query.hasNextPage ? (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p role="status" className="text-[0.8125rem] text-muted-foreground tabular-nums">{status}</p>
          {query.hasNextPage ? <Button variant="secondary" busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("loading_more")}</Button> : null}
        </div>
      ) : null}
    </div>
  );
}
