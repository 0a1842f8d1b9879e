"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore, type RefObject } from "react";
import type { UseFormReturn } from "react-hook-form";

import { $api } from "@/lib/api/query";
import type { Agent, AgentDraft } from "@/lib/api/schema";
import { useUi } from "@/lib/store";

import { formToDraft, type AgentForm } from "./agent-form";
import { Autosaver, type SaveSnapshot } from "./autosave";

export type Origin = Pick<AgentDraft, "step" | "template_id" | "sentence">;

/** Most bytes that a request may carry which outlives its page. */
const KEEPALIVE_BYTES = 60_000;

export const agentQuery = (id: string) => $api.queryOptions("get", "/v1/agents/{id}", { params: { path: { id } } });

/** Offline it fails at once, so that the screen can say so; the autosaver is who tries again. */
function useSave(id: string) {
  const queries = useQueryClient();
  const { mutateAsync } = $api.useMutation("put", "/v1/agents/{id}/draft", { networkMode: "always" });
  return async (body: AgentDraft, revision: number, last: boolean): Promise<number> => {
    const params = { path: { id }, header: { "If-Match": `"${revision}"` } };
    const keepalive = last && JSON.stringify(body).length < KEEPALIVE_BYTES;
    const agent = await mutateAsync({ params, body, keepalive });
    queries.setQueryData(agentQuery(id).queryKey, agent);
    return agent.draft_revision;
  };
}

/** Leaving with something unsaved asks first; hiding the page, which may be its end, saves at once. */
function useLastChance(saver: Autosaver<AgentDraft>): void {
  useEffect(() => {
    const hidden = () => {
      if (document.visibilityState === "hidden") void saver.flush(true);
    };
    const leaving = (event: BeforeUnloadEvent) => {
      if (saver.dirty) event.preventDefault();
    };
    document.addEventListener("visibilitychange", hidden);
    window.addEventListener("beforeunload", leaving);
    return () => {
      document.removeEventListener("visibilitychange", hidden);
      window.removeEventListener("beforeunload", leaving);
      saver.dispose();
      void saver.flush(true);
    };
  }, [saver]);
}

/** Tries again as soon as there is a network, or somebody signed in again. */
function useRetries(saver: Autosaver<AgentDraft>): void {
  const expired = useUi((state) => state.sessionExpired);
  useEffect(() => {
    if (!expired) saver.retry();
  }, [expired, saver]);
  useEffect(() => {
    window.addEventListener("online", saver.retry);
    return () => window.removeEventListener("online", saver.retry);
  }, [saver]);
}

/** Keeps the server's draft what the form is. */
export function useAutosave(agent: Agent, form: UseFormReturn<AgentForm>, origin: RefObject<Origin>): Autosaver<AgentDraft> {
  const save = useSave(agent.id);
  const [saver] = useState(() => new Autosaver<AgentDraft>({
    revision: agent.draft_revision,
    saved: formToDraft(form.getValues(), origin.current),
    read: () => formToDraft(form.getValues(), origin.current),
    save,
  }));
  useLastChance(saver);
  useRetries(saver);
  useEffect(() => form.subscribe({ formState: { values: true }, callback: saver.touch }), [form, saver]);
  return saver;
}

export function useSaveSnapshot(saver: Autosaver<AgentDraft>): SaveSnapshot {
  return useSyncExternalStore(saver.subscribe, saver.snapshot, saver.snapshot);
}
