"use client";

import { $api } from "@/lib/api/query";
import type { ApiKey, ApiKeyInput, ApiKeyPatch } from "@/lib/api/schema";

/** What a key is mostly wanted for. */
const RUN = ["ai:run", "agents:read", "runs:read"];
/** What a key of the organisation cannot be given: it is nobody's account, and no administrator. */
const PERSONAL = /^(?:account|admin):/;

export const ACCESS = ["run", "all", "chosen"] as const;
export const EXPIRIES = ["never", "7", "30", "90", "365", "date"] as const;

const DAY_MS = 86_400_000;

/** A key as its form has it. */
export interface KeyForm {
  name: string;
  shared: boolean;
  access: (typeof ACCESS)[number];
  /** With access "chosen". */
  scopes: string[];
  /** "keep": as it is, of a key that there is. */
  expiry: (typeof EXPIRIES)[number] | "keep";
  /** With expiry "date": a day, as the browser's field has it. */
  date: string;
  /** "" for none of its own. */
  rate: string;
  /** null: all agents. */
  agents: string[] | null;
}

/** A form for a new key: what most need, and no more than that. */
export function newKey(name: string, agentId?: string): KeyForm {
  return { name, shared: false, access: "run", scopes: [], expiry: "90", date: "", rate: "", agents: agentId === undefined ? null : [agentId] };
}

export function formOf({ name, shared, scopes, requests_per_minute: rate, agent_ids: agents }: ApiKey): KeyForm {
  return { name, shared, access: "chosen", scopes, expiry: "keep", date: "", rate: rate === null ? "" : String(rate), agents: agents.length ? agents : null };
}

/** The permissions that a key may be given by somebody who holds `held`. */
export function grantable(held: readonly string[], shared: boolean): string[] {
  return held.filter((name) => !shared || !PERSONAL.test(name));
}

/** The end of that day, here. */
function endOf(day: string): string {
  return new Date(`${day}T23:59:59`).toISOString();
}

function expiryOf({ expiry, date }: KeyForm, now: number): string | null | undefined {
  if (expiry === "keep") return undefined;
  if (expiry === "never") return null;
  return expiry === "date" ? endOf(date) : new Date(now + Number(expiry) * DAY_MS).toISOString();
}

function scopesOf({ access, scopes, shared }: KeyForm, held: readonly string[]): string[] {
  const possible = grantable(held, shared);
  if (access === "run") return possible.filter((name) => RUN.includes(name));
  if (access === "chosen") return possible.filter((name) => scopes.includes(name));
  // A key of the organisation has to list what it may.
  return shared ? possible : [];
}

/** The body of POST /v1/api-keys for what was chosen by somebody who holds `held`. */
export function keyBody(form: KeyForm, held: readonly string[], now: number): ApiKeyInput {
  const scopes = scopesOf(form, held);
  const expires = expiryOf(form, now);
  return {
    name: form.name.trim(),
    ...(form.shared ? { shared: true } : {}),
    ...(scopes.length ? { scopes } : {}),
    ...(expires ? { expires_at: expires } : {}),
    ...(form.rate ? { requests_per_minute: Number(form.rate) } : {}),
    ...(form.agents ? { agent_ids: form.agents } : {}),
  };
}

/** The body of PATCH /v1/api-keys/{id}: all that the form shows. */
export function keyPatch(form: KeyForm, now: number): ApiKeyPatch {
  const expires = expiryOf(form, now);
  return {
    name: form.name.trim(),
    requests_per_minute: form.rate ? Number(form.rate) : null,
    agent_ids: form.agents ?? [],
    ...(expires === undefined ? {} : { expires_at: expires }),
  };
}

/** What is missing before it can be sent; `held` is null for a key that there is, whose permissions stay. */
export function missingIn(form: KeyForm, held: readonly string[] | null): "scopes" | "agents" | "date" | null {
  if (held && form.access !== "all" && scopesOf(form, held).length === 0) return "scopes";
  if (form.agents?.length === 0) return "agents";
  return form.expiry === "date" && !form.date ? "date" : null;
}

/** Makes a key. The secret is in the mutation's data alone: keep it out of the query cache. */
export function useCreateKey() {
  return $api.useMutation("post", "/v1/api-keys", { gcTime: 0 });
}
