"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState, type RefObject } from "react";
import type { UseFormReturn } from "react-hook-form";

import { invalidateAfter } from "@/lib/api/policies";
import { ApiError, toApiError } from "@/lib/api/problem";
import type { ProposalInput } from "@/lib/api/schema";
import { openStream } from "@/lib/sse";

import { formToConfig, type AgentForm } from "./agent-form";
import { LIMITS } from "./limits";
import { describing, filledBy, proposalToForm, readProposal, type ProposalEvent, type ProposedField } from "./proposal";
import type { Origin } from "./use-autosave";

export type Target = ProposedField | "all";
export type Outcome = "done" | "stopped" | "failed";

export interface ProposalState {
  /** What is being written now. */
  running: Target | null;
  /** Path of the field whose text grows at this moment. */
  growing: string | null;
  /** Paths that came in this run. */
  filled: ReadonlySet<string>;
  /** Who writes, as `provider/model`. */
  model: string | null;
  /** How the last run ended. */
  outcome: Outcome | null;
  error: ApiError | null;
  failed: Target | null;
  /** What can be taken back, with what stood there before. */
  undoable: ReadonlyMap<Target, AgentForm>;
}

export interface ProposalControl extends ProposalState {
  start: (target: Target) => Promise<Outcome>;
  stop: () => void;
  undo: (target: Target) => void;
  /** What the model would be told; null: there is not enough to go by yet. */
  describe: () => string | null;
}

const IDLE: ProposalState = { running: null, growing: null, filled: new Set(), model: null, outcome: null, error: null, failed: null, undoable: new Map() };

export function pathOfField(field: ProposedField): "name" | "description" | `config.${Exclude<ProposedField, "name" | "description">}` {
  return field === "name" || field === "description" ? field : `config.${field}`;
}

function valueAt(form: AgentForm, field: ProposedField): unknown {
  return field === "name" || field === "description" ? form[field] : form.config[field];
}

function fill(form: UseFormReturn<AgentForm>, { name, description, config }: AgentForm): void {
  form.setValue("name", name, { shouldDirty: true });
  form.setValue("description", description, { shouldDirty: true });
  form.setValue("config", config, { shouldDirty: true });
}

/** Writes what comes into the form, the growing texts once per frame. */
class Writer {
  #texts = new Map<string, string>();
  #frame = 0;
  constructor(private readonly form: UseFormReturn<AgentForm>) {}

  grow(path: string, text: string): void {
    this.#texts.set(path, (this.#texts.get(path) ?? "") + text);
    this.#frame ||= requestAnimationFrame(() => this.flush());
  }

  flush(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    for (const [path, text] of this.#texts) this.put(path, text);
  }

  put(path: string, value: unknown): void {
    const filled = filledBy(path, value);
    if (filled) this.form.setValue(filled.path, filled.value, { shouldDirty: true });
  }

  complete(path: string, value: unknown): void {
    this.#texts.delete(path);
    this.put(path, value);
  }
}

/** Configurations and single fields written by a model, streamed into the form. */
export function useProposal(form: UseFormReturn<AgentForm>, origin: RefObject<Origin>): ProposalControl {
  const queries = useQueryClient();
  const [state, setState] = useState(IDLE);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const change = (patch: Partial<ProposalState>) => setState((before) => ({ ...before, ...patch }));
  const describe = () => describing(origin.current.sentence ?? "", form.getValues(), { min: LIMITS.sentenceMin, max: LIMITS.sentence });

  const take = (event: ProposalEvent, writer: Writer, target: Target, before: AgentForm) => {
    switch (event.type) {
      case "started":
        return change({ model: event.model });
      case "delta":
        writer.grow(event.path, event.text);
        return setState((now) => (now.growing === event.path ? now : { ...now, growing: event.path }));
      case "field":
        writer.complete(event.path, event.value);
        return setState((now) => ({ ...now, growing: null, filled: new Set(now.filled).add(event.path) }));
      case "completed":
        writer.flush();
        if (target === "all") fill(form, proposalToForm(event.proposal, before));
        return undefined;
      case "failed":
        throw new ApiError(502, event.code, event.message, null, [], null);
      case "cancelled":
        return undefined;
    }
  };

  const run = async (target: Target, description: string, signal: AbortSignal): Promise<boolean> => {
    const before = form.getValues();
    const body: ProposalInput = { description, stream: true };
    if (target !== "all") Object.assign(body, { field: target, current: { name: before.name, description: before.description, config: formToConfig(before) } });
    if (before.config.language) body.language = before.config.language;
    const writer = new Writer(form);
    let completed = false;
    for await (const event of readProposal(openStream({ path: "/v1/agents/draft", body, signal }))) {
      take(event, writer, target, structuredClone(before));
      completed ||= event.type === "completed";
    }
    writer.flush();
    return completed;
  };

  const start = async (target: Target): Promise<Outcome> => {
    const description = describe();
    if (!description) return "failed";
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    const before = structuredClone(form.getValues());
    setState((now) => ({ ...IDLE, running: target, undoable: new Map(now.undoable).set(target, before) }));
    let outcome: Outcome = "done";
    try {
      if (!(await run(target, description, mine.signal))) outcome = "stopped";
      change({ error: null });
    } catch (thrown) {
      outcome = mine.signal.aborted ? "stopped" : "failed";
      if (outcome === "failed") change({ error: toApiError(thrown), failed: target });
    }
    if (controller.current === mine) change({ running: null, growing: null, outcome });
    void invalidateAfter(queries, "post /v1/ai/generate");
    return outcome;
  };

  const undo = (target: Target) => {
    const before = state.undoable.get(target);
    if (!before) return;
    if (target === "all") fill(form, before);
    else {
      const filled = filledBy(pathOfField(target), valueAt(before, target));
      if (filled) form.setValue(filled.path, filled.value, { shouldDirty: true });
    }
    const undoable = new Map(state.undoable);
    undoable.delete(target);
    change({ undoable, error: null, failed: null });
  };

  return { ...state, start, stop: () => controller.current?.abort(), undo, describe };
}
