import type { QueryClient } from "@tanstack/react-query";

/**
 * What becomes stale when: the only place where the cache is invalidated after a change. Keys are
 * `method path` of the call that succeeded, values the paths whose cached replies it outdates.
 */
const AGENT_LISTS = ["/v1/agents", "/v1/dashboard", "/v1/activity"];
const AGENTS = [...AGENT_LISTS, "/v1/agents/{id}"];
const PROMPTS = ["/v1/prompts", "/v1/prompts/{id}", "/v1/prompts/facets", "/v1/dashboard"];
const RUNS = ["/v1/runs", "/v1/runs/{id}", "/v1/dashboard", "/v1/errors"];
const ME = ["/v1/auth/me"];
/** Where one works: the account as it stands there decides what the screens offer. */
const ORG = ["/v1/auth/me", "/v1/orgs"];
const MEMBERS = ["/v1/members", "/v1/roles"];
/** Every act of an administrator stands in a log. */
const LOGS = ["/v1/activity", "/v1/admin/activity"];
const USERS = ["/v1/admin/users", ...LOGS];
const BLOCKS = ["/v1/admin/blocked-ips", ...LOGS];

export const STALE_AFTER: Readonly<Record<string, readonly string[]>> = {
  "post /v1/agents": AGENTS,
  "put /v1/agents/{id}": AGENTS,
  "patch /v1/agents/{id}": AGENTS,
  // Its own page may be on the screen still, and would only learn that it is gone.
  "delete /v1/agents/{id}": AGENT_LISTS,
  "post /v1/agents/{id}/restore": AGENTS,
  "post /v1/agents/{id}/duplicate": AGENTS,
  "post /v1/agents/{id}/publish": AGENTS,
  "put /v1/agents/{id}/visibility": AGENTS,
  "put /v1/agents/{id}/draft": ["/v1/agents"],
  "delete /v1/agents/{id}/draft": AGENTS,
  "post /v1/prompts": PROMPTS,
  "put /v1/prompts/{id}": PROMPTS,
  "delete /v1/prompts/{id}": PROMPTS,
  "post /v1/prompts/{id}/restore": PROMPTS,
  "post /v1/ai/generate": RUNS,
  "post /v1/ai/validate": RUNS,
  "post /v1/runs/{id}/cancel": RUNS,
  "post /v1/providers/{provider}/test": [...RUNS, "/v1/providers"],
  "post /v1/api-keys": ["/v1/api-keys"],
  "patch /v1/api-keys/{id}": ["/v1/api-keys"],
  "delete /v1/api-keys/{id}": ["/v1/api-keys"],
  "post /v1/orgs": ["/v1/orgs"],
  "patch /v1/org": ORG,
  "delete /v1/org": ORG,
  "post /v1/org/leave": ORG,
  "post /v1/org/transfer": [...ORG, ...MEMBERS],
  "patch /v1/members/{id}": [...MEMBERS, "/v1/auth/me"],
  "delete /v1/members/{id}": [...MEMBERS, "/v1/invitations"],
  "post /v1/invitations": ["/v1/invitations"],
  "delete /v1/invitations/{id}": ["/v1/invitations"],
  "post /v1/invitations/{id}/resend": ["/v1/invitations"],
  "post /v1/roles": ["/v1/roles"],
  "put /v1/roles/{id}": [...MEMBERS, "/v1/auth/me"],
  "delete /v1/roles/{id}": ["/v1/roles"],
  // A new password ends the other sessions.
  "patch /v1/auth/me": [...ME, "/v1/auth/sessions"],
  "post /v1/auth/reauthenticate": ME,
  "delete /v1/auth/sessions/{id}": ["/v1/auth/sessions"],
  "delete /v1/auth/sessions": ["/v1/auth/sessions"],
  "delete /v1/auth/identities/{id}": ["/v1/auth/identities"],
  "patch /v1/admin/users/{id}": USERS,
  "delete /v1/admin/users/{id}": [...USERS, "/v1/admin/orgs"],
  "post /v1/admin/users/{id}/reset-password": LOGS,
  "post /v1/admin/users/{id}/sign-out": USERS,
  "patch /v1/admin/orgs/{id}": ["/v1/admin/orgs", ...ME, ...LOGS],
  "patch /v1/admin/settings": ["/v1/admin/settings", "/v1/auth/providers", ...LOGS],
  "post /v1/admin/blocked-ips": BLOCKS,
  "delete /v1/admin/blocked-ips/{id}": BLOCKS,
};

/** Marks everything stale that the call outdated. Streams call it themselves at their end. */
export function invalidateAfter(queries: QueryClient, call: string): Promise<void> {
  const stale = STALE_AFTER[call];
  if (!stale) return Promise.resolve();
  return queries.invalidateQueries({ predicate: ({ queryKey }) => stale.includes(String(queryKey[1])) });
}
