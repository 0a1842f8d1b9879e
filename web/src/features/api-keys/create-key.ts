"use client";

import { $api } from "@/lib/api/query";

export const SCOPES = {
  all: [],
  run: ["ai:run", "agents:read", "runs:read"],
} as const satisfies Record<string, readonly string[]>;
export type ScopePreset = keyof typeof SCOPES;

export const EXPIRIES = ["never", "30", "90", "365"] as const;
export type Expiry = (typeof EXPIRIES)[number];

const DAY_MS = 86_400_000;

export interface NewKey {
  name: string;
  scopes: ScopePreset;
  expiry: Expiry;
}

/** The body of POST /v1/api-keys for what was chosen. */
export function keyBody({ name, scopes, expiry }: NewKey, now: number): { name: string; scopes?: string[]; expires_at?: string } {
  return {
    name: name.trim(),
    ...(SCOPES[scopes].length ? { scopes: [...SCOPES[scopes]] } : {}),
    ...(expiry === "never" ? {} : { expires_at: new Date(now + Number(expiry) * DAY_MS).toISOString() }),
  };
}

/** Makes a key. The secret is in the mutation's data alone: keep it out of the query cache. */
export function useCreateKey() {
  return $api.useMutation("post", "/v1/api-keys", { gcTime: 0 });
}
