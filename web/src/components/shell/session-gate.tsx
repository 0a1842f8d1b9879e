"use client";

import { useEffect, type ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { toApiError } from "@/lib/api/problem";
import { useSession } from "@/lib/api/session";
import { useNavigate } from "@/lib/nav";

import { PageSkeleton } from "./page-skeleton";

/**
 * Shows a screen only to who is signed in; others are led to /login and back. Exported pages hold no
 * data, so what stands here is comfort: the server is what refuses.
 */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession();
  const navigate = useNavigate();
  const error = session.error && !session.data ? toApiError(session.error) : null;
  const signedOut = error?.status === 401;

  useEffect(() => {
    if (!signedOut) return;
    const here = window.location.pathname + window.location.search;
    navigate(here === "/" ? "/login" : `/login?next=${encodeURIComponent(here)}`, { replace: true });
  }, [signedOut, navigate]);

  if (session.data) return children;
  if (error && !signedOut) {
    return <div className="page"><ErrorCard error={error} onRetry={() => void session.refetch()} /></div>;
  }
  return <PageSkeleton />;
}
