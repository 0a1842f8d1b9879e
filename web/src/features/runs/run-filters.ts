/** What the list of runs is narrowed to: read from the address, written as the query of GET /v1/runs. */
import type { operations, RunSummary } from "@/lib/api/schema";

export const STATUSES = ["running", "completed", "failed", "cancelled"] as const satisfies readonly RunSummary["status"][];
export const KINDS = ["generate", "preview", "validate", "draft", "test"] as const satisfies readonly RunSummary["kind"][];
export const RANGES = ["24h", "7d", "30d", "90d"] as const;

export type RunRange = (typeof RANGES)[number];
export type RunsQuery = NonNullable<operations["listRuns"]["parameters"]["query"]>;

export interface RunFilters {
  status: RunSummary["status"] | null;
  agent: string | null;
  kind: RunSummary["kind"] | null;
  model: string | null;
  range: RunRange | null;
  conversation: string | null;
  q: string;
}

/** The names of the filters in the address. */
export const FILTER_NAMES = ["status", "agent", "kind", "model", "range", "conversation", "q"] as const satisfies readonly (keyof RunFilters)[];

const HOURS: Readonly<Record<RunRange, number>> = { "24h": 24, "7d": 7 * 24, "30d": 30 * 24, "90d": 90 * 24 };
const HOUR_MS = 3_600_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TEXT_MAX = 200;

function oneOf<T extends string>(value: string | null, choices: readonly T[]): T | null {
  return choices.find((choice) => choice === value) ?? null;
}

function uuid(value: string | null): string | null {
  return value !== null && UUID.test(value) ? value : null;
}

/** What the address says; what it says wrongly counts as not said. */
export function readFilters(params: URLSearchParams): RunFilters {
  const model = params.get("model");
  return {
    status: oneOf(params.get("status"), STATUSES),
    agent: uuid(params.get("agent")),
    kind: oneOf(params.get("kind"), KINDS),
    model: model !== null && /^[^/\s]+\/\S+$/.test(model) ? model.slice(0, TEXT_MAX) : null,
    range: oneOf(params.get("range"), RANGES),
    conversation: uuid(params.get("conversation")),
    q: (params.get("q") ?? "").trim().slice(0, TEXT_MAX),
  };
}

export function isFiltered(filters: RunFilters): boolean {
  return FILTER_NAMES.some((name) => Boolean(filters[name]));
}

/** The same for the API. `now` is when the screen opened, so that the pages of a list fit together. */
export function toQuery(filters: RunFilters, now: number): RunsQuery {
  const { status, agent, kind, model, range, conversation, q } = filters;
  return {
    ...(status ? { status } : {}),
    ...(agent ? { agent_id: agent } : {}),
    ...(kind ? { kind } : {}),
    ...(model ? { model } : {}),
    ...(range ? { from: new Date(now - HOURS[range] * HOUR_MS).toISOString() } : {}),
    ...(conversation ? { conversation_id: conversation } : {}),
    ...(q ? { q } : {}),
  };
}
