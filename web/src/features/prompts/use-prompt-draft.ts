"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { api } from "@/lib/api/client";
import { toApiError, type ApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Prompt } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { draftOf, fieldOf, inputOf, sameDraft, type DraftMistakes, type PromptDraft } from "./draft";
import { Memory } from "./memory";

interface Copy {
  draft: PromptDraft;
  /** What the server had when it was begun; null: nothing yet. */
  base: Prompt | null;
}

const MOST_KEPT = 20;
/** Changes that somebody left without saving, by the browser's Back for instance; while the page is open. */
const unsaved = new Memory<Copy>(MOST_KEPT);

export interface DraftOptions {
  /** Names what is kept: the prompt's id, or what a new one is begun with. */
  name: string;
  stored: Prompt | null;
  start: PromptDraft;
  onCreated: (prompt: Prompt) => void;
}

export type PromptDraftState = ReturnType<typeof usePromptDraft>;

function isDirty({ draft, base }: Copy, start: PromptDraft): boolean {
  return !sameDraft(draft, base ? draftOf(base) : start);
}

function useStore() {
  const queries = useQueryClient();
  const create = $api.useMutation("post", "/v1/prompts");
  const replace = $api.useMutation("put", "/v1/prompts/{id}");
  /** Stores the draft over the version that was seen, or whatever stands there with `version` null. */
  return async (draft: PromptDraft, id: string | null, version: number | null): Promise<Prompt> => {
    const body = inputOf(draft);
    const header = version === null ? {} : { "If-Match": `"${version}"` };
    const prompt = await (id === null ? create.mutateAsync({ body }) : replace.mutateAsync({ params: { path: { id }, header }, body }));
    queries.setQueryData($api.queryOptions("get", "/v1/prompts/{id}", { params: { path: { id: prompt.id } } }).queryKey, prompt);
    return prompt;
  };
}

async function read(id: string): Promise<Prompt | null> {
  const reply = await api.GET("/v1/prompts/{id}", { params: { path: { id } } }).catch(() => null);
  return reply?.data ?? null;
}

/** Puts what the server found wrong on the form's fields; the rest is told in a toast. */
function useRefusal() {
  const t = useT("core.error");
  const fail = useActionFailed();
  return (error: ApiError): DraftMistakes => {
    const mistakes: DraftMistakes = {};
    const rest: string[] = [];
    for (const { field, message } of error.fields) {
      const name = fieldOf(field);
      if (name) mistakes[name] ??= message;
      else rest.push(message);
    }
    if (rest.length) toast({ tone: "error", title: t("action_failed"), description: rest.join(" ") });
    else if (!Object.keys(mistakes).length) fail(error);
    return mistakes;
  };
}

/** The copy being written. What is left unsaved is kept, and is there when one comes back. */
function useCopy({ name, stored, start }: Pick<DraftOptions, "name" | "stored" | "start">) {
  const [copy, setCopy] = useState<Copy>(() => unsaved.get(name) ?? { draft: stored ? draftOf(stored) : start, base: stored });
  const [gone, setGone] = useState(false);
  const dirty = !gone && isDirty(copy, start);
  const latest = useRef({ copy, dirty });
  useEffect(() => {
    latest.current = { copy, dirty };
  });
  useEffect(() => {
    unsaved.delete(name);
    return () => {
      if (latest.current.dirty) unsaved.set(latest.current.copy.base?.id ?? name, latest.current.copy);
    };
  }, [name]);
  return { copy, setCopy, dirty, setGone };
}

/** A prompt as it is written: what differs from the server's, saving it, and what comes in between. */
export function usePromptDraft({ name, stored, start, onCreated }: DraftOptions) {
  const t = useT("prompts");
  const { copy, setCopy, dirty, setGone } = useCopy({ name, stored, start });
  const [saving, setSaving] = useState(false);
  const [mistakes, setMistakes] = useState<DraftMistakes>({});
  const [theirs, setTheirs] = useState<Prompt | null>(null);
  const store = useStore();
  const refuse = useRefusal();
  const { draft, base } = copy;

  // Changed elsewhere, and nothing here: follow.
  if (stored && base && stored.version > base.version && !dirty && !saving) setCopy({ draft: draftOf(stored), base: stored });

  const refused = async (error: ApiError, id: string | null) => {
    const other = error.status === 412 && id !== null ? await read(id) : null;
    if (other) setTheirs(other);
    else if (error.status === 404 && id !== null) toast({ tone: "error", title: t("toast.vanished"), action: { label: t("toast.save_as_new"), onClick: () => void write(null, null) } });
    else setMistakes(refuse(error));
  };
  const write = async (id: string | null, version: number | null): Promise<boolean> => {
    setSaving(true);
    try {
      const prompt = await store(draft, id, version);
      setCopy((now) => ({ ...now, base: prompt }));
      setMistakes({});
      setTheirs(null);
      if (id !== prompt.id) onCreated(prompt);
      return true;
    } catch (thrown) {
      await refused(toApiError(thrown), id);
      return false;
    } finally {
      setSaving(false);
    }
  };
  const change = (patch: Partial<PromptDraft>) => {
    setCopy((now) => ({ ...now, draft: { ...now.draft, ...patch } }));
    setMistakes((now) => Object.fromEntries(Object.entries(now).filter(([field]) => !(field in patch))));
  };
  /** Whether it is stored now. */
  const save = async (): Promise<boolean> => {
    if (saving) return false;
    if (base && !dirty) return true;
    if (draft.text.trim()) return write(base?.id ?? null, base?.version ?? null);
    setMistakes({ text: t("mistake.no_text") });
    return false;
  };
  /** Ends a conflict: by theirs, by ours, or not yet. */
  const resolve = (by: "theirs" | "mine" | "later") => {
    if (by === "mine" && theirs) return void write(theirs.id, theirs.version);
    if (by === "theirs" && theirs) setCopy({ draft: draftOf(theirs), base: theirs });
    setTheirs(null);
  };
  /** `setGone`: what is not saved may be lost, because it is deleted or was given up. */
  return { draft, base, dirty, saving, mistakes, theirs, change, save, resolve, setGone };
}
