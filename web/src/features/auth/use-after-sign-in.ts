"use client";

import { useCallback } from "react";

import { useInvitationToken, useNavigate, useOpenedSearch } from "@/lib/nav";

/** Where `?next=` leads, if it stays on this site; nobody is sent elsewhere by a crafted link. */
export function safeNext(next: string | null): string {
  if (!next || !next.startsWith("/") || next.startsWith("//") || next.includes("\\")) return "/";
  try {
    const url = new URL(next, "http://agentgen.invalid");
    return url.host === "agentgen.invalid" ? url.pathname + url.search : "/";
  } catch {
    return "/";
  }
}

const INVITATION = "/invitation";

/** Where an invitation is accepted. Its secret stays behind the `#` on every page that it is carried over. */
export function invitationNext(token: string): string {
  return `${INVITATION}#token=${encodeURIComponent(token)}`;
}

/** Where who signs in wanted to be. */
export function useNext(): string {
  const token = useInvitationToken();
  const next = safeNext(new URLSearchParams(useOpenedSearch()).get("next"));
  return token ? invitationNext(token) : next;
}

/** The address of another page for who is not signed in, that goes on to the same place. */
export function withNext(page: string, next: string): string {
  if (next.startsWith(`${INVITATION}#`)) return page + next.slice(INVITATION.length);
  return next === "/" ? page : `${page}?next=${encodeURIComponent(next)}`;
}

/** Leads to where who signed in wanted to be. */
export function useAfterSignIn(): () => void {
  const navigate = useNavigate();
  const next = useNext();
  return useCallback(() => navigate(next, { replace: true }), [navigate, next]);
}
