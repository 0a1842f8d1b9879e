import { $api } from "./query";

/** Who is signed in: the query of GET /v1/auth/me. A 401 says nobody is. */
export function useSession() {
  return $api.useQuery("get", "/v1/auth/me", {}, { staleTime: 60_000, retry: false });
}
