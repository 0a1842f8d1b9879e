"use client";

/** The one file that knows the router. Screens use what it exports and stay router-neutral. */
import NextLink from "next/link";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useMemo, useSyncExternalStore, type ComponentProps } from "react";

/** Told where somebody wants to go; `go` leads there. */
export type LeaveGuard = (go: () => void) => void;

let leaveGuard: LeaveGuard | null = null;

/**
 * While `guard` is given, links and commands that leave the screen ask it first, and the browser warns
 * before it closes or reloads the page. Back and Forward cannot be held: keep what must not be lost.
 */
export function useLeaveGuard(guard: LeaveGuard | null): void {
  useEffect(() => {
    if (!guard) return undefined;
    leaveGuard = guard;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => {
      if (leaveGuard === guard) leaveGuard = null;
      window.removeEventListener("beforeunload", warn);
    };
  }, [guard]);
}

/** Does what loses the screen, such as changing the organisation; what is unsaved on it asks first. */
export function leave(go: () => void): void {
  if (leaveGuard) leaveGuard(go);
  else go();
}

export type LinkProps = Omit<ComponentProps<typeof NextLink>, "prefetch" | "onNavigate" | "href"> & { href: string };

/** A link inside the app. Nothing is fetched before it is followed: 66 requests a page became 25. */
export function Link(props: LinkProps) {
  const router = useRouter();
  const onNavigate = (event: { preventDefault: () => void }) => {
    if (!leaveGuard) return;
    event.preventDefault();
    leave(() => router.push(props.href));
  };
  return <NextLink prefetch={false} onNavigate={onNavigate} {...props} />;
}

/** The current path, such as `/agents/018f…`; without search and hash. */
export function usePath(): string {
  return usePathname();
}

/**
 * The path's segment at `index`, decoded, or null. Dynamic pages are exported once as a shell, so the
 * id comes from the address: `useSegment(1)` of `/agents/018f…` is the agent.
 */
export function useSegment(index: number): string | null {
  const segment = usePathname().split("/").filter(Boolean)[index];
  return segment && segment !== "_" ? decodeURIComponent(segment) : null;
}

export interface Navigate {
  (to: string, options?: { replace?: boolean; scroll?: boolean }): void;
}

export function useNavigate(): Navigate {
  const router = useRouter();
  return useCallback(
    (to, options) => {
      const scroll = { scroll: options?.scroll ?? true };
      leave(() => (options?.replace ? router.replace(to, scroll) : router.push(to, scroll)));
    },
    [router],
  );
}

/** Gives the screen that is shown another address; no other screen is made of it. */
export function renameAddress(to: string): void {
  window.history.replaceState(null, "", to);
}

const unchanging = () => () => undefined;

/**
 * The search part of the address the page was opened with, "" in the exported page. For pages that
 * are to be whole before any script has run; others use useQueryState().
 */
export function useOpenedSearch(): string {
  return useSyncExternalStore(unchanging, () => window.location.search, () => "");
}

function onHashChange(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

/**
 * The secret of a link from a mail, behind the `#` where no server and no other site gets to see it; "" when
 * there is none, null in the exported page, which cannot know yet.
 */
export function useLinkToken(): string | null {
  return useSyncExternalStore(onHashChange, () => new URLSearchParams(window.location.hash.slice(1)).get("token") ?? "", () => null);
}

/**
 * The same, when it is an invitation's; "" otherwise. A page that is gone to from another one may still see that
 * one's `#` when it renders first, and must not take its secret elsewhere.
 */
export function useInvitationToken(): string | null {
  const token = useLinkToken();
  return token === null || token.startsWith("agi_") ? token : "";
}

export type QueryPatch = Record<string, string | null | undefined>;

/**
 * The address's search parameters as state: filters, tabs and pages live there, so that a reload, a
 * bookmark and a colleague see the same. `set` leaves out empty values and keeps the rest; of a screen that
 * was left it does nothing.
 */
export function useQueryState(): [URLSearchParams, (patch: QueryPatch, options?: { push?: boolean }) => void] {
  const params = useSearchParams();
  const path = usePathname();
  const current = useMemo(() => new URLSearchParams(params.toString()), [params]);
  const set = useCallback(
    (patch: QueryPatch, options?: { push?: boolean }) => {
      // An answer that ends because its screen is left ends when the address is that of the next one.
      if (window.location.pathname !== path) return;
      const next = new URLSearchParams(window.location.search);
      for (const [name, value] of Object.entries(patch)) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      const search = next.toString();
      const url = search ? `${path}?${search}` : path;
      // The router follows the history; nothing is fetched for a change of filters.
      if (options?.push) window.history.pushState(null, "", url);
      else window.history.replaceState(null, "", url);
    },
    [path],
  );
  return [current, set];
}
