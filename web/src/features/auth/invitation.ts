"use client";

import { useEffect, useState } from "react";

import { api } from "@/lib/api/client";
import { toApiError, type ApiError } from "@/lib/api/problem";
import type { InvitationPreview } from "@/lib/api/schema";

export interface InvitationState {
  token: string | null;
  preview: InvitationPreview | null;
  error: ApiError | null;
}

/** What the invitation of a link is to; nothing without a token. `error`: 404 says that it does not hold. */
export function useInvitation(token: string | null): InvitationState {
  const [state, setState] = useState<InvitationState>({ token: null, preview: null, error: null });
  useEffect(() => {
    if (!token) return undefined;
    let current = true;
    const tell = (told: InvitationState) => {
      if (current) setState(told);
    };
    api.POST("/v1/invitations/lookup", { body: { token } }).then(
      ({ data }) => tell({ token, preview: data ?? null, error: null }),
      (thrown: unknown) => tell({ token, preview: null, error: toApiError(thrown) }),
    );
    return () => {
      current = false;
    };
  }, [token]);
  return state.token === token ? state : { token, preview: null, error: null };
}

/** Accepts the invitation and goes to work in its organisation; whoever is a member already just goes there. */
export async function joinByInvitation(token: string): Promise<void> {
  const { data: org } = await api.POST("/v1/invitations/accept", { body: { token } });
  if (org) await api.POST("/v1/orgs/{id}/switch", { params: { path: { id: org.id } } });
}
