"use client";

import { useCallback } from "react";

import type { ApiError } from "@/lib/api/problem";
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
