/**
 * A conversation as a tree: every turn follows another, and a turn that was edited or asked for anew
 * stands beside its older versions. What is on the screen is one path through it. Pure functions on
 * values that never change; a turn that did not change stays the same object.
 */
import type { Usage } from "./api/schema";

/**
 * `waiting`: asked, nothing came yet. `stopped`: somebody stopped it, what had come stays. `lost`: the
 * connection ended before the answer did.
 */
export type TurnStatus = "waiting" | "streaming" | "done" | "stopped" | "failed" | "lost";

export interface TurnError {
  code: string;
  message: string;
  /** Whether the same may work a moment later. */
  retryable: boolean;
  requestId: string | null;
  /** From when on it may be asked again: too much was asked for. */
  retryAt?: number | undefined;
}

/** Numbers of an answer; absent ones were not told. */
export interface TurnMetrics {
  usage?: Usage | undefined;
  latencyMs?: number | undefined;
  ttftMs?: number | undefined;
}

export interface Turn {
  readonly id: string;
  /** The turn it answers or follows; null at the beginning. */
  readonly parentId: string | null;
  readonly role: "user" | "assistant";
  readonly text: string;
  readonly status: TurnStatus;
  readonly runId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly model?: string | undefined;
  readonly agentVersion?: number | undefined;
  readonly metrics?: TurnMetrics | undefined;
  readonly finishReason?: string | undefined;
  readonly cached?: boolean | undefined;
  readonly error?: TurnError | undefined;
  /** Where a cut stream goes on (Last-Event-ID). */
  readonly lastEventId?: string | undefined;
  /** Whether somebody can ask for the rest of it. */
  readonly resumable?: boolean | undefined;
}

export interface ChatTree {
  readonly turns: ReadonlyMap<string, Turn>;
  /** By parent ("" for the beginning), oldest first. */
  readonly children: ReadonlyMap<string, readonly string[]>;
  /** The child shown, by parent; the newest where none was chosen. */
  readonly chosen: ReadonlyMap<string, string>;
}

export const EMPTY_TREE: ChatTree = { turns: new Map(), children: new Map(), chosen: new Map() };

const keyOf = (parentId: string | null) => parentId ?? "";

export function turnOf(tree: ChatTree, id: string): Turn | undefined {
  return tree.turns.get(id);
}

/** Adds a turn behind its parent and shows it. */
export function addTurn(tree: ChatTree, turn: Turn): ChatTree {
  if (tree.turns.has(turn.id)) throw new RangeError(`turn ${turn.id} is there already`);
  if (turn.parentId !== null && !tree.turns.has(turn.parentId)) throw new RangeError(`turn ${turn.parentId} is not there`);
  const key = keyOf(turn.parentId);
  return {
    turns: new Map(tree.turns).set(turn.id, turn),
    children: new Map(tree.children).set(key, [...(tree.children.get(key) ?? []), turn.id]),
    chosen: new Map(tree.chosen).set(key, turn.id),
  };
}

/** Changes a turn; one that is gone stays gone. */
export function updateTurn(tree: ChatTree, id: string, change: Partial<Omit<Turn, "id" | "parentId">>): ChatTree {
  const turn = tree.turns.get(id);
  if (!turn) return tree;
  return { ...tree, turns: new Map(tree.turns).set(id, { ...turn, ...change }) };
}

function withDescendants(tree: ChatTree, id: string): string[] {
  const all = [id];
  for (let i = 0; i < all.length; i++) all.push(...(tree.children.get(all[i] ?? "") ?? []));
  return all;
}

/** Removes a turn and what follows it; the version before it is shown instead. */
export function removeTurn(tree: ChatTree, id: string): ChatTree {
  const turn = tree.turns.get(id);
  if (!turn) return tree;
  const turns = new Map(tree.turns);
  const children = new Map(tree.children);
  const chosen = new Map(tree.chosen);
  for (const gone of withDescendants(tree, id)) {
    turns.delete(gone);
    children.delete(gone);
    chosen.delete(gone);
  }
  const key = keyOf(turn.parentId);
  const versions = tree.children.get(key) ?? [];
  const rest = versions.filter((other) => other !== id);
  const neighbour = rest[Math.max(0, versions.indexOf(id) - 1)];
  if (neighbour === undefined) {
    children.delete(key);
    chosen.delete(key);
  } else {
    children.set(key, rest);
    if (chosen.get(key) === id) chosen.set(key, neighbour);
  }
  return { turns, children, chosen };
}

/** All versions that stand where this turn stands, oldest first. */
export function versionsOf(tree: ChatTree, id: string): readonly string[] {
  const turn = tree.turns.get(id);
  return turn ? (tree.children.get(keyOf(turn.parentId)) ?? []) : [];
}

/** Shows this version, and behind it what was last seen there. */
export function chooseTurn(tree: ChatTree, id: string): ChatTree {
  const turn = tree.turns.get(id);
  if (!turn) return tree;
  return { ...tree, chosen: new Map(tree.chosen).set(keyOf(turn.parentId), id) };
}

/** The turns on the screen, first to last. */
export function shownPath(tree: ChatTree): Turn[] {
  const path: Turn[] = [];
  let key = "";
  for (;;) {
    const id = tree.chosen.get(key) ?? tree.children.get(key)?.at(-1);
    const turn = id === undefined ? undefined : tree.turns.get(id);
    if (!turn) return path;
    path.push(turn);
    key = turn.id;
  }
}

/** The turns from the beginning to this one, whatever is on the screen. */
export function pathTo(tree: ChatTree, id: string | null): Turn[] {
  const path: Turn[] = [];
  for (let turn = id === null ? undefined : tree.turns.get(id); turn; turn = turn.parentId === null ? undefined : tree.turns.get(turn.parentId)) {
    path.push(turn);
  }
  return path.reverse();
}

/** A tree without branches, such as the exchange of a stored run. */
export function treeOf(turns: readonly Omit<Turn, "parentId">[]): ChatTree {
  let tree = EMPTY_TREE;
  let parentId: string | null = null;
  for (const turn of turns) {
    tree = addTurn(tree, { ...turn, parentId });
    parentId = turn.id;
  }
  return tree;
}
