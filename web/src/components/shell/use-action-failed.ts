"use client";

import { useCallback } from "react";

import { toast } from "@/components/ui/toast";
import { toApiError, type ApiError } from "@/lib/api/problem";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import { useFormatter, useT } from "@/lib/i18n";

/** "Too many requests at once. Try again in 12 seconds." */
export function useWaitText(): (retryAt: number, now?: number) => string {
  const t = useT("core.error");
  const format = useFormatter();
  return useCallback((retryAt, now = Date.now()) => t("wait", { when: format.relativeTime(Math.max(retryAt, now + 1_000), { now, style: "long" }) }), [t, format]);
}

/** Why a call failed, in words; of a limit, when to try again. */
export function useReason(): (error: ApiError, now?: number) => string {
  const t = useT("core.error");
  const wait = useWaitText();
  return useCallback((error, now) => {
    if (error.offline) return t("offline");
    return error.status === 429 && error.retryAt !== null ? wait(error.retryAt, now) : error.message;
  }, [t, wait]);
}

/**
 * Tells in a toast that what was clicked did not work, and why; `title` says what it was. Not who chose not to
 * prove who they are when they were asked (see lib/api/reauthenticate.ts).
 */
export function useActionFailed(): (thrown: unknown, title?: string) => void {
  const t = useT("core.error");
  const reason = useReason();
  return useCallback((thrown, title) => {
    const error = toApiError(thrown);
    if (error.code === REAUTHENTICATION_REQUIRED) return;
    toast({ tone: "error", title: title ?? t(error.status === 429 ? "rate_limited" : "action_failed"), description: reason(error) });
  }, [t, reason]);
}
