import type { InfiniteData, QueryClient } from "@tanstack/react-query";

interface Page {
  data: { id: string }[];
  next_cursor: string | null;
}

function isPages(data: unknown): data is InfiniteData<Page> {
  return typeof data === "object" && data !== null && "pages" in data;
}

/** Takes an item out of every cached list of the path; returns what puts the lists back. */
export function hideFromLists(queries: QueryClient, path: string, id: string): () => void {
  const before = queries.getQueriesData({ queryKey: ["get", path] });
  for (const [key, data] of before) {
    if (!isPages(data)) continue;
    queries.setQueryData(key, { ...data, pages: data.pages.map((page) => ({ ...page, data: page.data.filter((item) => item.id !== id) })) });
  }
  return () => before.forEach(([key, data]) => queries.setQueryData(key, data));
}
