"use client";

import { useCallback } from "react";

import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import { useT } from "@/lib/i18n";

/**
 * Tells in a toast that what was clicked did not work, and why; not who chose not to prove who they are when
 * they were asked (see lib/api/reauthenticate.ts).
 */
export function useActionFailed(): (error: unknown) => void {
  const t = useT("core.error");
  return useCallback((thrown) => {
    const error = toApiError(thrown);
    if (error.code === REAUTHENTICATION_REQUIRED) return;
    toast({ tone: "error", title: t("action_failed"), description: error.offline ? t("offline") : error.message });
  }, [t]);
}
