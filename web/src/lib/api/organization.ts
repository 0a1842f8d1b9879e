"use client";

import { useQueryClient, type Query } from "@tanstack/react-query";
import { useEffect } from "react";

import { leave } from "@/lib/nav";

import { $api } from "./query";

const ME = ["get", "/v1/auth/me", {}];
/** Tells the other tabs of this browser, which share the session, that it acts elsewhere now. */
const CHANNEL = "agentgen.organization";

/** Everything that belongs to the organisation one acts in: all but the account itself. */
export function isOfOrganization({ queryKey }: Pick<Query, "queryKey">): boolean {
  return queryKey[1] !== ME[1];
}

function tellOtherTabs(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** Acts in another organisation from now on. The account that comes back says so; SessionGate does the rest. */
export function useSwitchOrganization() {
  const queries = useQueryClient();
  const mutation = $api.useMutation("post", "/v1/orgs/{id}/switch");
  const to = async (id: string) => {
    const me = await mutation.mutateAsync({ params: { path: { id } } });
    queries.setQueryData(ME, me);
    tellOtherTabs();
  };
  return {
    pending: mutation.isPending,
    /** At once. */
    to,
    /** When what is unsaved on the screen may be left. */
    whenLeft: (id: string, onError: (error: unknown) => void) => leave(() => void to(id).catch(onError)),
  };
}

/** Looks again at who one is when another tab acts in another organisation. */
export function useOtherTabs(): void {
  const queries = useQueryClient();
  useEffect(() => {
    const channel = new BroadcastChannel(CHANNEL);
    channel.onmessage = () => void queries.invalidateQueries({ queryKey: ME });
    return () => channel.close();
  }, [queries]);
}

/** One's organisations, asked for when they are wanted. */
export function useOrganizations(wanted: boolean) {
  return $api.useQuery("get", "/v1/orgs", { params: { query: { limit: 100 } } }, { enabled: wanted });
}
