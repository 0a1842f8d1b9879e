"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { UseFormReturn } from "react-hook-form";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Agent, AgentDraft } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useNavigate } from "@/lib/nav";

import { agentToForm, formToDraft, type AgentForm } from "./agent-form";
import type { Autosaver } from "./autosave";
import { valueAt } from "./mistakes";
import { placeOf, type Mistake } from "./steps";
import { agentQuery } from "./use-autosave";
import { useLocalMistakes } from "./use-mistakes";

/** A mistake with the value that had it: once that has changed, the mistake may be gone. */
export interface FoundMistake extends Mistake {
  value: string | undefined;
}

export interface Publishing {
  busy: boolean;
  /** What the last attempt found. */
  found: readonly FoundMistake[];
  publish: () => Promise<void>;
  discard: () => Promise<void>;
}

interface Options {
  agent: Agent;
  form: UseFormReturn<AgentForm>;
  saver: Autosaver<AgentDraft>;
  /** Shows the list of mistakes. */
  showMistakes: () => void;
}

/** Makes the draft what callers get, or tells everything that is in the way. */
export function usePublish({ agent, form, saver, showMistakes }: Options): Publishing {
  const t = useT("wizard");
  const tCore = useT("core");
  const failed = useActionFailed();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const localMistakes = useLocalMistakes();
  const [found, setFound] = useState<FoundMistake[]>([]);
  const [busy, setBusy] = useState(false);
  const publish = $api.useMutation("post", "/v1/agents/{id}/publish");
  const discard = $api.useMutation("delete", "/v1/agents/{id}/draft");
  const save = $api.useMutation("put", "/v1/agents/{id}/draft");
  const params = { path: { id: agent.id } };

  const tell = (mistakes: Mistake[]) => {
    const values = form.getValues();
    const told = mistakes.map((mistake) => {
      const path = placeOf(mistake.path)?.path ?? mistake.path;
      return { ...mistake, path, value: JSON.stringify(valueAt(values, path)) };
    });
    for (const { path, message } of told) {
      if (placeOf(path)) form.setError(path as "name", { type: "server", message });
    }
    setFound(told);
    showMistakes();
  };

  const fail = (thrown: unknown) => {
    const error = toApiError(thrown);
    if (error.status === 422 && error.fields.length) {
      tell(error.fields.map(({ field, code, message }) => ({ path: field, code, message })));
      return;
    }
    failed(error, t("publish.failed"));
  };

  const publishNow = async () => {
    const local = localMistakes(form.getValues());
    if (local.length) return tell(local);
    const { state } = await saver.flush();
    if (state !== "saved") return toast({ tone: "error", title: t("publish.failed"), description: t(`save.${state}`) });
    const published = await publish.mutateAsync({ params: { ...params, header: { "If-Match": `"${saver.revision}"` } } });
    queries.setQueryData(agentQuery(agent.id).queryKey, published);
    saver.accept(published.draft_revision);
    toast({ title: t("publish.done", { name: published.name }), description: t("publish.version", { version: published.version }) });
    navigate(`/agents/${agent.id}`);
  };

  const discardNow = async () => {
    const draft = formToDraft(form.getValues(), { step: agent.draft?.step, sentence: agent.draft?.sentence, template_id: agent.draft?.template_id });
    // A draft that is being saved would come after the one that was discarded.
    await saver.rest();
    saver.accept(saver.revision);
    await discard.mutateAsync({ params });
    if (agent.status === "draft") {
      toast({ tone: "info", title: t("discard.done_agent"), action: undo(draft, true) });
      navigate("/agents");
      return;
    }
    const fresh = await queries.fetchQuery({ ...agentQuery(agent.id), staleTime: 0 });
    form.reset(agentToForm(fresh));
    saver.accept(fresh.draft_revision);
    toast({ tone: "info", title: t("discard.done"), action: undo(draft, false) });
  };

  const undo = (draft: AgentDraft, deleted: boolean) => ({
    label: tCore("undo"),
    onClick: () => void restore(draft, deleted).catch(fail),
  });
  const restoreAgent = $api.useMutation("post", "/v1/agents/{id}/restore");
  const restore = async (draft: AgentDraft, deleted: boolean) => {
    if (deleted) {
      await restoreAgent.mutateAsync({ params });
      navigate(`/agents/${agent.id}/edit`);
      return;
    }
    const saved = await save.mutateAsync({ params, body: draft });
    queries.setQueryData(agentQuery(agent.id).queryKey, saved);
    form.reset(agentToForm(saved));
    saver.accept(saved.draft_revision);
  };

  const guarded = (action: () => Promise<unknown>) => async () => {
    if (busy) return;
    setBusy(true);
    try {
      await action();
    } catch (thrown) {
      fail(thrown);
    } finally {
      setBusy(false);
    }
  };

  return { busy, found, publish: guarded(publishNow), discard: guarded(discardNow) };
}
