"use client";

import { useQueryClient } from "@tanstack/react-query";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { hideFromLists } from "@/lib/api/lists";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { Prompt } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useNavigate } from "@/lib/nav";

import { copyName, draftOf, inputOf, titleOf } from "./draft";
import { queryOf, type PromptFilters } from "./list-params";

const LIST_KEY = ["get", "/v1/prompts"] as const;
const FACETS_FRESH_MS = 60_000;

/** The pages of the list behind these filters. */
export function usePrompts(filters: PromptFilters) {
  return $api.useInfiniteQuery("get", "/v1/prompts", { params: { query: queryOf(filters) } }, {
    ...BY_CURSOR,
    placeholderData: (before) => before,
  });
}

/** The categories and tags of the library. */
export function useFacets() {
  return $api.useQuery("get", "/v1/prompts/facets", {}, { staleTime: FACETS_FRESH_MS });
}

/** What one does with a prompt from the list or its page. Deleting shows at once and can be undone. */
export function usePromptActions() {
  const t = useT("prompts.toast");
  const tCore = useT("core");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = $api.useMutation("delete", "/v1/prompts/{id}");
  const restore = $api.useMutation("post", "/v1/prompts/{id}/restore");
  const create = $api.useMutation("post", "/v1/prompts");
  const failed = useActionFailed();

  // Awaited: the card it was deleted from is gone by then, and its callbacks with it.
  const undo = async (prompt: Prompt) => {
    try {
      await restore.mutateAsync({ params: { path: { id: prompt.id } } });
      toast({ title: t("restored", { name: titleOf(prompt) }) });
    } catch (error) {
      failed(error);
    }
  };

  return {
    deletePrompt: async (prompt: Prompt): Promise<boolean> => {
      await queries.cancelQueries({ queryKey: LIST_KEY });
      const putBack = hideFromLists(queries, "/v1/prompts", prompt.id);
      try {
        await remove.mutateAsync({ params: { path: { id: prompt.id } } });
        toast({ title: t("deleted", { name: titleOf(prompt) }), action: { label: tCore("undo"), onClick: () => void undo(prompt) } });
        return true;
      } catch (error) {
        putBack();
        failed(error);
        return false;
      }
    },
    duplicatePrompt: async (prompt: Prompt) => {
      const name = copyName(titleOf(prompt), (original) => t("copy_name", { name: original }));
      try {
        const copy = await create.mutateAsync({ body: inputOf({ ...draftOf(prompt), name }) });
        toast({ title: t("duplicated", { name: titleOf(prompt) }), action: { label: t("open_copy"), onClick: () => navigate(`/prompts/${copy.id}`) } });
      } catch (error) {
        failed(error);
      }
    },
  };
}
