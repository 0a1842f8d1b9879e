import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { useUi } from "@/lib/store";

import { invalidateAfter } from "./policies";
import { ApiError } from "./problem";

const TRIES = 2;

/** A session that ended while somebody worked: the dialog asks for the password, forms stay as they are. */
function noticeExpiry(error: unknown, client: QueryClient): void {
  if (!(error instanceof ApiError) || error.status !== 401 || error.code === "bad_credentials") return;
  if (client.getQueryData(["get", "/v1/auth/me", {}])) useUi.getState().setSessionExpired(true);
}

function worthTrying(failures: number, error: unknown): boolean {
  if (failures >= TRIES || !(error instanceof ApiError)) return false;
  return error.offline || error.status === 503 || error.status === 502;
}

export function makeQueryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    defaultOptions: {
      queries: { staleTime: 15_000, retry: worthTrying, refetchOnWindowFocus: true },
      mutations: { retry: false },
    },
    queryCache: new QueryCache({ onError: (error) => noticeExpiry(error, client) }),
    mutationCache: new MutationCache({
      onError: (error) => noticeExpiry(error, client),
      onSuccess: (_data, _variables, _context, mutation) => {
        const key = mutation.options.mutationKey;
        return key ? invalidateAfter(client, `${String(key[0])} ${String(key[1])}`) : undefined;
      },
    }),
  });
  return client;
}
