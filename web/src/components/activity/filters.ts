/** What a log is narrowed to: read from the address, written as the query of the API. */
import type { operations } from "@/lib/api/schema";

export type ActivityQuery = NonNullable<operations["listActivity"]["parameters"]["query"]>;

/** What stands before the dot of an action: the server takes `auth.` for all that begin so. */
export const GROUPS = ["auth", "identity", "user", "organization", "org", "member", "invitation", "role", "api_key", "agent", "prompt", "settings", "block", "activity"] as const;
export type ActionGroup = (typeof GROUPS)[number];

export interface ActivityFilters {
  /** Whose id. */
  who: string | null;
  /** A group or one action. */
  action: string | null;
  /** Days of the reader's calendar, both included. */
  from: string | null;
  to: string | null;
  q: string;
}

/** The names of the filters in the address. */
export const FILTER_NAMES = ["who", "action", "from", "to", "q"] as const satisfies readonly (keyof ActivityFilters)[];

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const ACTION = /^[a-z_]{1,50}(\.[a-z_]{1,49})?$/;
const TEXT_MAX = 200;

function matching(value: string | null, pattern: RegExp): string | null {
  return value !== null && pattern.test(value) ? value : null;
}

/** The beginning of the day `text` where the reader is, `later` days on; null when there is no such day. */
function dayStart(text: string, later = 0): Date | null {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  const start = new Date(Number(year), Number(month) - 1, Number(day) + later);
  const same = later > 0 || start.getDate() === Number(day);
  return Number.isNaN(start.getTime()) || !same ? null : start;
}

function dayOf(value: string | null): string | null {
  return value !== null && dayStart(value) ? value : null;
}

/** What the address says; what it says wrongly counts as not said. */
export function readFilters(params: URLSearchParams): ActivityFilters {
  return {
    who: matching(params.get("who"), UUID),
    action: matching(params.get("action"), ACTION),
    from: dayOf(params.get("from")),
    to: dayOf(params.get("to")),
    q: (params.get("q") ?? "").trim().slice(0, TEXT_MAX),
  };
}

export function isFiltered(filters: ActivityFilters): boolean {
  return FILTER_NAMES.some((name) => Boolean(filters[name]));
}

/** The same for the API: what narrows a list and an export alike. */
export function toQuery({ who, action, from, to, q }: ActivityFilters) {
  const begin = from ? dayStart(from) : null;
  const end = to ? dayStart(to, 1) : null;
  return {
    ...(who ? { user_id: who } : {}),
    ...(action ? { action: action.includes(".") ? action : `${action}.` } : {}),
    ...(begin ? { from: begin.toISOString() } : {}),
    ...(end ? { to: end.toISOString() } : {}),
    ...(q ? { q } : {}),
  } satisfies ActivityQuery;
}

/** Where the export of what the filters let through is downloaded. */
export function exportUrl(path: string, format: "csv" | "ndjson", filters: ActivityFilters): string {
  return `${path}/export?${new URLSearchParams({ format, ...toQuery(filters) }).toString()}`;
}
