"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import type { User } from "@/lib/api/schema";
import { useNavigate, useQueryState } from "@/lib/nav";

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

/** Remembers who signed in and goes to where they wanted to be. */
export function useAfterSignIn(): (user: User) => void {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [params] = useQueryState();
  const next = safeNext(params.get("next"));
  return useCallback(
    (user) => {
      queries.clear();
      queries.setQueryData(["get", "/v1/auth/me", {}], user);
      navigate(next, { replace: true });
    },
    [queries, navigate, next],
  );
}
