import { apiFetch } from "@/lib/api/client";
import type { PublicAgent } from "@/lib/api/schema";

/** The agent behind a link, asked for without credentials. */
export async function readAgent(slug: string, signal: AbortSignal): Promise<PublicAgent> {
  const url = new URL(`/v1/public/agents/${encodeURIComponent(slug)}`, window.location.origin);
  const response = await apiFetch(new Request(url, { signal, credentials: "omit", headers: { Accept: "application/json" } }));
  return (await response.json()) as PublicAgent;
}
