"use client";

import { useQueryClient } from "@tanstack/react-query";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { hideFromLists } from "@/lib/api/lists";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { queryOf, type AgentFilters } from "./list-params";

const LIST_KEY = ["get", "/v1/agents"] as const;

/** The pages of the list behind these filters. */
export function useAgents(filters: AgentFilters) {
  return $api.useInfiniteQuery("get", "/v1/agents", { params: { query: queryOf(filters) } }, {
    ...BY_CURSOR,
    placeholderData: (before) => before,
  });
}

/** What one does with an agent from a list or its page. Deleting shows at once and can be undone. */
export function useAgentActions() {
  const t = useT("agents.toast");
  const tCore = useT("core");
  const queries = useQueryClient();
  const remove = $api.useMutation("delete", "/v1/agents/{id}");
  const restore = $api.useMutation("post", "/v1/agents/{id}/restore");
  const duplicate = $api.useMutation("post", "/v1/agents/{id}/duplicate");
  const failed = useActionFailed();
  type Named = Pick<AgentSummary, "id" | "name">;

  // The card that was deleted is gone by now, and with it the callbacks of mutate(): await tells anyway.
  const undo = async ({ id, name }: Named) => {
    try {
      await restore.mutateAsync({ params: { path: { id } } });
      toast({ title: t("restored", { name }) });
    } catch (error) {
      failed(error);
    }
  };

  return {
    deleteAgent: async (agent: Named) => {
      await queries.cancelQueries({ queryKey: LIST_KEY });
      const putBack = hideFromLists(queries, "/v1/agents", agent.id);
      try {
        const params = { path: { id: agent.id } };
        await remove.mutateAsync({ params });
        void queries.invalidateQueries({ queryKey: ["get", "/v1/agents/{id}", { params }], refetchType: "none" });
        toast({ title: t("deleted", { name: agent.name }), action: { label: tCore("undo"), onClick: () => void undo(agent) } });
        return true;
      } catch (error) {
        putBack();
        failed(error);
        return false;
      }
    },
    duplicateAgent: (agent: Named, onDone?: (copy: { id: string }) => void) => duplicate.mutate({ params: { path: { id: agent.id } } }, {
      onSuccess: (copy) => {
        toast({ title: t("duplicated", { name: agent.name }) });
        onDone?.(copy);
      },
      onError: (error) => failed(error),
    }),
  };
}
