"use client";

import { useQueryClient } from "@tanstack/react-query";
import { Fragment, useEffect, useState, type ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { toast } from "@/components/ui/toast";
import { isOfOrganization, useOtherTabs } from "@/lib/api/organization";
import { toApiError } from "@/lib/api/problem";
import type { Me } from "@/lib/api/schema";
import { useSession } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { renameAddress, useNavigate, usePath } from "@/lib/nav";

import { PageSkeleton } from "./page-skeleton";

/**
 * Where the screen at `path` leads in another organisation: one thing's page to its list, because the thing
 * is not there, and a list to all of it, because what it was narrowed to may not be either.
 */
export function elsewhere(path: string, search: string): string {
  const list = path.split("/").slice(0, 2).join("/");
  const tab = new URLSearchParams(search).get("tab");
  return path === list && tab ? `${list}?tab=${encodeURIComponent(tab)}` : list;
}

/**
 * The screen, for as long as the account acts in one organisation. When it is another, because somebody
 * switched, here or in another tab, or was removed, nothing of the one before stays on the screen or in memory.
 */
function InOrganization({ me, children }: { me: Me; children: ReactNode }) {
  const t = useT("core.orgs");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = usePath();
  const [shown, setShown] = useState(me.org.id);
  const { id, name } = me.org;
  const moving = shown !== id;
  useOtherTabs();

  useEffect(() => {
    if (moving) void queries.resetQueries({ predicate: isOfOrganization });
  }, [moving, id, queries]);
  useEffect(() => {
    if (!moving) return;
    const { pathname, search } = window.location;
    const to = elsewhere(pathname, search);
    // The page of one thing is left first; it is this effect again that finds itself on the list.
    if (!to.startsWith(path)) {
      navigate(to, { replace: true });
      return;
    }
    if (pathname + search !== to) renameAddress(to);
    setShown(id);
    toast({ title: t("switched", { name }) });
  }, [moving, path, id, name, navigate, t]);

  return moving ? <PageSkeleton /> : <Fragment key={id}>{children}</Fragment>;
}

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

  if (session.data) return <InOrganization me={session.data}>{children}</InOrganization>;
  if (error && !signedOut) {
    return <div className="page"><ErrorCard error={error} onRetry={() => void session.refetch()} /></div>;
  }
  return <PageSkeleton />;
}
