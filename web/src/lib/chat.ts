"use client";

import { useEffect, useState, useSyncExternalStore } from "react";

import type { ChatMessage } from "./api/schema";
import { toApiError, ApiError } from "./api/problem";
import { beforePaint } from "./before-paint";
import {
  addTurn, chooseTurn, EMPTY_TREE, pathTo, removeTurn, shownPath, turnOf, updateTurn, versionsOf,
  type ChatTree, type Turn, type TurnError,
} from "./chat-tree";
import { MalformedEventError, type RunEvent } from "./run-events";

export type { ChatTree, Turn, TurnError, TurnMetrics, TurnStatus } from "./chat-tree";
export { treeOf } from "./chat-tree";

/** What a screen is asked to send. */
export interface Question {
  input: string;
  /** What was said before on this branch, oldest first, without `input`. */
  history: ChatMessage[];
  /** The server's conversation that the branch goes on with. */
  conversationId: string | null;
  /**
   * Whether that conversation holds turns that are not on this branch. The server's conversations are one
   * line: going on with it would show the model both versions.
   */
  branched: boolean;
  reason: "send" | "edit" | "regenerate" | "retry";
  signal: AbortSignal;
}

export interface Interrupted {
  runId: string;
  /** Where to go on; null: from the beginning. */
  lastEventId: string | null;
  signal: AbortSignal;
}

export interface ChatOptions {
  /** Asks and yields what comes: `readRun(openStream(…))`. Ends by a terminal event, or the answer counts as lost. */
  send: (question: Question) => AsyncIterable<RunEvent>;
  /** Goes on with a run whose connection was lost. Without it there is no Resume, only Retry. */
  resume?: ((interrupted: Interrupted) => AsyncIterable<RunEvent>) | undefined;
  /** Stops a run that would go on without its reader. Without it, hanging up is what stops it. */
  cancel?: ((runId: string) => Promise<unknown>) | undefined;
  /** An answer ended, however: the place to mark cached lists stale. */
  onEnd?: ((turn: Turn) => void) | undefined;
}

/** A turn on the screen, with the versions that stand in its place. */
export interface ShownTurn {
  turn: Turn;
  /** Ids of all versions, oldest first, this one among them. */
  versions: readonly string[];
}

export interface ChatSnapshot {
  turns: readonly ShownTurn[];
  /** Whether an answer is under way. */
  busy: boolean;
}

/** What one can do with a turn. Absent: it cannot be done here, and no control is shown. */
export interface ChatActions {
  /** Asks for another version of this answer. */
  regenerate?: ((turnId: string) => void) | undefined;
  /** Asks again with another text; the old question and its answers stay as a version. */
  edit?: ((turnId: string, text: string) => void) | undefined;
  /** Asks again after a failure; a failed answer without text is replaced. */
  retry?: ((turnId: string) => void) | undefined;
  /** Goes on with an answer whose connection was lost. */
  resume?: ((turnId: string) => void) | undefined;
  /** Shows another version. */
  choose?: ((turnId: string) => void) | undefined;
}

/** One answer under way. */
interface Live {
  turnId: string;
  controller: AbortController;
  runId: string | null;
  /** Text that came since the last frame. */
  queued: string;
  unschedule: (() => void) | null;
  ended: boolean;
}

const CANCEL_WAIT_MS = 10_000;

const LOST: TurnError = { code: "connection_lost", message: "", retryable: true, requestId: null };

/** How an answer ended that threw: refused, unreadable, or cut off. */
function endingOf(thrown: unknown): Pick<Turn, "status" | "error"> {
  if (thrown instanceof MalformedEventError || thrown instanceof SyntaxError) {
    return { status: "failed", error: { code: "malformed_reply", message: "", retryable: true, requestId: null } };
  }
  if (!(thrown instanceof ApiError)) return { status: "lost", error: LOST };
  const { code, message, status, requestId, offline, retryAt } = toApiError(thrown);
  const wait = status === 429 && retryAt !== null ? { retryAt } : {};
  return { status: "failed", error: { code, message, requestId, retryable: offline || status === 429 || status >= 500, ...wait } };
}

function historyOf(path: readonly Turn[]): ChatMessage[] {
  return path.filter(({ text }) => text !== "").map(({ role, text }) => ({ role, content: text }));
}

/** A conversation and the one answer that may be under way in it; knows no framework. */
export class ChatSession {
  options: ChatOptions;
  #tree: ChatTree;
  #live: Live | null = null;
  #lastId = 0;
  #snapshot: ChatSnapshot;
  readonly #listeners = new Set<() => void>();

  constructor(options: ChatOptions, tree: ChatTree = EMPTY_TREE) {
    this.options = options;
    this.#tree = tree;
    this.#snapshot = this.#look();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): ChatSnapshot => this.#snapshot;

  /** Says something behind what is shown. False: an answer is under way, or there is nothing to say. */
  readonly send = (text: string): boolean => {
    if (this.#live || text.trim() === "") return false;
    this.#ask(this.#addUser(this.#snapshot.turns.at(-1)?.turn.id ?? null, text), "send");
    return true;
  };

  readonly edit = (turnId: string, text: string): void => {
    const turn = turnOf(this.#tree, turnId);
    if (turn?.role !== "user" || text.trim() === "") return;
    this.stop();
    this.#ask(this.#addUser(turn.parentId, text), "edit");
  };

  readonly regenerate = (turnId: string): void => {
    this.#again(turnId, "regenerate");
  };

  readonly retry = (turnId: string): void => {
    this.#again(turnId, "retry");
  };

  readonly choose = (turnId: string): void => {
    this.#set(chooseTurn(this.#tree, turnId));
  };

  readonly resume = (turnId: string): void => {
    const turn = turnOf(this.#tree, turnId);
    if (this.#live || !turn?.runId || !this.options.resume) return;
    const live = this.#begin(turnId, turn.runId);
    const lastEventId = turn.lastEventId ?? null;
    // Without a place to go on from, the answer comes again from its beginning.
    this.#set(updateTurn(this.#tree, turnId, { status: "streaming", error: undefined, ...(lastEventId === null ? { text: "" } : {}) }));
    void this.#follow(live, this.options.resume({ runId: turn.runId, lastEventId, signal: live.controller.signal }));
  };

  /** Stops the answer under way; what has come of it stays. */
  readonly stop = (): void => {
    const live = this.#live;
    if (!live) return;
    const { cancel } = this.options;
    this.#end(live, { status: "stopped" });
    if (!cancel) live.controller.abort();
    else if (live.runId !== null) this.#cancelRun(live, live.runId);
    // It has not told its name yet: it is read on until it does.
    else setTimeout(() => live.controller.abort(), CANCEL_WAIT_MS);
  };

  /** Shows another conversation, or none. */
  readonly load = (tree: ChatTree = EMPTY_TREE): void => {
    this.stop();
    this.#set(tree);
  };

  /** Hangs up; the conversation stays as it is. */
  readonly dispose = (): void => {
    const live = this.#live;
    if (!live) return;
    this.#end(live, { status: "stopped" });
    live.controller.abort();
  };

  #look(): ChatSnapshot {
    const turns = shownPath(this.#tree).map((turn) => ({ turn, versions: versionsOf(this.#tree, turn.id) }));
    const before = new Map(this.#snapshot?.turns.map((shown) => [shown.turn.id, shown]));
    // What did not change stays the same object, so that its row is not rendered again.
    const kept = turns.map((shown) => {
      const old = before.get(shown.turn.id);
      return old?.turn === shown.turn && old.versions === shown.versions ? old : shown;
    });
    return { turns: kept, busy: this.#live !== null };
  }

  #set(tree: ChatTree): void {
    this.#tree = tree;
    this.#snapshot = this.#look();
    for (const listener of this.#listeners) listener();
  }

  #newId(): string {
    let id: string;
    do id = `turn-${++this.#lastId}`;
    while (this.#tree.turns.has(id));
    return id;
  }

  #addUser(parentId: string | null, text: string): Turn {
    const turn: Turn = { id: this.#newId(), parentId, role: "user", text, status: "done" };
    this.#set(addTurn(this.#tree, turn));
    return turn;
  }

  #again(turnId: string, reason: "regenerate" | "retry"): void {
    const turn = turnOf(this.#tree, turnId);
    const question = turn?.role === "assistant" && turn.parentId !== null ? turnOf(this.#tree, turn.parentId) : undefined;
    if (!turn || !question) return;
    this.stop();
    if (reason === "retry" && turn.text === "") this.#tree = removeTurn(this.#tree, turnId);
    this.#ask(question, reason);
  }

  #begin(turnId: string, runId: string | null): Live {
    const live: Live = { turnId, controller: new AbortController(), runId, queued: "", unschedule: null, ended: false };
    this.#live = live;
    return live;
  }

  #ask(question: Turn, reason: Question["reason"]): void {
    const before = pathTo(this.#tree, question.parentId);
    const conversationId = before.findLast((turn) => turn.conversationId !== undefined)?.conversationId ?? null;
    const onPath = new Set(before.map(({ id }) => id));
    const branched = conversationId !== null && [...this.#tree.turns.values()].some((turn) => turn.conversationId === conversationId && !onPath.has(turn.id));
    const answer: Turn = { id: this.#newId(), parentId: question.id, role: "assistant", text: "", status: "waiting" };
    const live = this.#begin(answer.id, null);
    this.#set(addTurn(this.#tree, answer));
    const { signal } = live.controller;
    void this.#follow(live, this.options.send({ input: question.text, history: historyOf(before), conversationId, branched, reason, signal }));
  }

  async #follow(live: Live, events: AsyncIterable<RunEvent>): Promise<void> {
    try {
      for await (const event of events) {
        if (live.ended) {
          if (event.type === "started" && this.options.cancel) this.#cancelRun(live, event.runId);
          return;
        }
        if (this.#take(live, event)) return;
      }
      this.#end(live, { status: "lost", error: LOST });
    } catch (thrown) {
      this.#end(live, endingOf(thrown));
    }
  }

  #cancelRun(live: Live, runId: string): void {
    this.options.cancel?.(runId).catch(() => undefined);
    live.controller.abort();
  }

  /** True: that was the last one. */
  #take(live: Live, event: RunEvent): boolean {
    switch (event.type) {
      case "started":
        live.runId = event.runId;
        this.#set(updateTurn(this.#tree, live.turnId, {
          runId: event.runId,
          model: event.model ?? undefined,
          conversationId: event.conversationId ?? undefined,
          agentVersion: event.agentVersion ?? undefined,
        }));
        return false;
      case "delta":
        this.#queue(live, event.text, event.at);
        return false;
      case "completed":
        this.#complete(live, event.result);
        return true;
      case "failed":
        this.#end(live, { status: "failed", error: { code: event.code, message: event.message, retryable: event.retryable, requestId: null } });
        return true;
      case "cancelled":
        this.#end(live, { status: "stopped" });
        return true;
    }
  }

  #queue(live: Live, text: string, at: string | null): void {
    live.queued += text;
    if (at !== null) this.#tree = updateTurn(this.#tree, live.turnId, { lastEventId: at });
    live.unschedule ??= beforePaint(() => this.#flush(live));
  }

  #flush(live: Live): void {
    live.unschedule?.();
    live.unschedule = null;
    const turn = turnOf(this.#tree, live.turnId);
    if (!turn || live.queued === "") return;
    const text = turn.text + live.queued;
    live.queued = "";
    this.#set(updateTurn(this.#tree, live.turnId, { text, status: "streaming" }));
  }

  #complete(live: Live, result: Extract<RunEvent, { type: "completed" }>["result"]): void {
    live.queued = "";
    this.#end(live, {
      status: "done",
      text: result.text,
      metrics: result.bare ? undefined : { usage: result.usage, latencyMs: result.latencyMs, ttftMs: result.ttftMs ?? undefined },
      finishReason: result.finishReason ?? undefined,
      cached: result.cached,
      ...(result.runId === null ? {} : { runId: result.runId }),
      ...(result.model === null ? {} : { model: result.model }),
    });
  }

  #end(live: Live, change: Partial<Omit<Turn, "id" | "parentId">>): void {
    if (live.ended) return;
    this.#flush(live);
    live.ended = true;
    if (this.#live === live) this.#live = null;
    const resumable = change.status === "lost" && live.runId !== null && this.options.resume !== undefined;
    this.#set(updateTurn(this.#tree, live.turnId, { ...change, resumable }));
    const turn = turnOf(this.#tree, live.turnId);
    if (turn) this.options.onEnd?.(turn);
  }
}

export interface Chat extends ChatSnapshot, Required<ChatActions> {
  send: (text: string) => boolean;
  stop: () => void;
  /** Shows a stored conversation (`treeOf(…)`), or an empty one. */
  load: (tree?: ChatTree) => void;
}

/** A conversation as React state. It is hung up when the screen goes. */
export function useChat(options: ChatOptions): Chat {
  const [session] = useState(() => new ChatSession(options));
  const snapshot = useSyncExternalStore(session.subscribe, session.snapshot, session.snapshot);
  useEffect(() => {
    session.options = options;
  });
  useEffect(() => session.dispose, [session]);
  const { send, stop, edit, regenerate, retry, resume, choose, load } = session;
  return { ...snapshot, send, stop, edit, regenerate, retry, resume, choose, load };
}
