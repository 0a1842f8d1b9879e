"use client";

import { useCallback } from "react";
import type { FieldValues, Path, UseFormSetError } from "react-hook-form";

import { toast } from "@/components/ui/toast";
import { ApiError, toApiError } from "@/lib/api/problem";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";

import { useReason } from "./use-reason";

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

/**
 * The same for a form: mistakes the server found go to the fields they belong to, `known`, or those that
 * `renamed` says by the server's names; the rest is told in a toast.
 */
export function useFormFailed<T extends FieldValues>(setError: UseFormSetError<T>, known: readonly Path<T>[], renamed: Readonly<Record<string, Path<T>>> = {}): (thrown: unknown) => void {
  const failed = useActionFailed();
  return (thrown) => {
    const error = toApiError(thrown);
    const fields = error.fields.map((mistake) => ({ ...mistake, field: renamed[mistake.field] ?? mistake.field }));
    const rest = setFormErrors({ fields }, setError, known);
    if (rest.length) failed(new ApiError(error.status, error.code, rest.join("; "), error.requestId, [], null));
    else if (!fields.length) failed(error);
  };
}
