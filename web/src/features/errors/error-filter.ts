import type { ErrorEntry } from "@/lib/api/schema";

export const SOURCES = ["run", "client"] as const satisfies readonly ErrorEntry["source"][];
export type Source = ErrorEntry["source"];

export interface ErrorFilter {
  source: Source | null;
  /** Narrows what is loaded: the server filters by source only. */
  code: string | null;
}

export function readFilter(params: URLSearchParams): ErrorFilter {
  const code = params.get("code");
  return {
    source: SOURCES.find((source) => source === params.get("source")) ?? null,
    code: code !== null && /^[a-z0-9_]{1,60}$/.test(code) ? code : null,
  };
}

/** An entry once, however often it came: a repeat moves a report up, and pages then overlap. */
export function entriesOf(pages: readonly { data: readonly ErrorEntry[] }[]): ErrorEntry[] {
  const seen = new Map<string, ErrorEntry>();
  for (const { data } of pages) for (const entry of data) if (!seen.has(entry.id)) seen.set(entry.id, entry);
  return [...seen.values()];
}

export function withCode(entries: readonly ErrorEntry[], code: string | null): readonly ErrorEntry[] {
  return code === null ? entries : entries.filter((entry) => entry.code === code);
}
