"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { invalidateAfter } from "@/lib/api/policies";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Run } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useLiveRun, type LiveRunHandle, type RunRequest } from "@/lib/run-stream";

type Asked = Pick<Run, "kind" | "agent_id" | "agent_name" | "input_text" | "status" | "conversation_id">;

/** What asks the same once more; null where that cannot be done. */
export function requestAgain(run: Asked): RunRequest | null {
  if (run.kind !== "generate" || run.agent_id === null || run.agent_name === null || !run.input_text) return null;
  const request = { agent_id: run.agent_id, input_text: run.input_text };
  // An exchange that failed is not part of its conversation: asked again it takes its place there. One
  // that was answered is, and starts a conversation of its own.
  const replaces = run.status === "failed" || run.status === "cancelled";
  return replaces && run.conversation_id !== null ? { ...request, conversation_id: run.conversation_id } : request;
}

/** A new run that is watched here; what lists runs hears of its end. */
export function useAgain(): LiveRunHandle {
  const queries = useQueryClient();
  return useLiveRun(useCallback(() => void invalidateAfter(queries, "post /v1/ai/generate"), [queries]));
}

/** Cancels a run, and says so when it had ended already. */
export function useCancelRun(): { cancel: (runId: string) => void; pending: boolean } {
  const t = useT("runs.detail");
  const fail = useActionFailed();
  const queries = useQueryClient();
  const mutation = $api.useMutation("post", "/v1/runs/{id}/cancel");
  const cancel = (id: string) =>
    mutation.mutate({ params: { path: { id } } }, {
      onSuccess: () => toast({ title: t("cancel_requested") }),
      onError: (thrown) => {
        const error = toApiError(thrown);
        if (error.status === 409) {
          toast({ title: t("finished_before"), tone: "info" });
          void invalidateAfter(queries, "post /v1/runs/{id}/cancel");
        } else fail(error);
      },
    });
  return { cancel, pending: mutation.isPending };
}
