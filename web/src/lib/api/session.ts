import { $api } from "./query";
import type { Me } from "./schema";

/** Who is signed in: the query of GET /v1/auth/me. A 401 says nobody is. */
export function useSession() {
  return $api.useQuery("get", "/v1/auth/me", {}, { staleTime: 60_000, retry: false });
}

/** The account that is signed in, with the organisation it acts in. Below the SessionGate it is there. */
export function useMe(): Me | undefined {
  return useSession().data;
}

/**
 * Whether the account may do what `name` says (docs/permissions.md) in the organisation it acts in. For what
 * is shown and offered; the server is what refuses.
 */
export function usePermission(name: string): boolean {
  return useMe()?.permissions.includes(name) ?? false;
}

/** How people get in here: identity providers, registration, mail. It changes when the server is set up anew. */
export function useWaysIn() {
  return $api.useQuery("get", "/v1/auth/providers", {}, { staleTime: 600_000 });
}

/** Whether the server sends mails: that it does, until it is known. Without, links are in its log. */
export function useSendsMail(): boolean {
  return useWaysIn().data?.mail !== false;
}
