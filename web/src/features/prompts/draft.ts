import type { Prompt, PromptInput } from "@/lib/api/schema";

export const LIMITS = { name: 100, category: 100, tag: 50, tags: 20, text: 65_536 } as const;

/** A prompt as it stands in the form. */
export interface PromptDraft {
  name: string;
  category: string;
  tags: readonly string[];
  text: string;
}

export const EMPTY_DRAFT: PromptDraft = { name: "", category: "", tags: [], text: "" };

/** Code points: what the server counts. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

/** The beginning of a text, never inside a code point. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join("");
}

/** How a prompt is filed; what is stored is read with care. */
export function filingOf(metadata: Readonly<Record<string, unknown>>): { category: string; tags: string[] } {
  const { category, tags } = metadata;
  return {
    category: typeof category === "string" ? category : "",
    tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === "string") : [],
  };
}

export function draftOf({ name, prompt_text, metadata }: Pick<Prompt, "name" | "prompt_text" | "metadata">): PromptDraft {
  return { name: name ?? "", text: prompt_text, ...filingOf(metadata) };
}

/** What is sent to store the draft. */
export function inputOf({ name, category, tags, text }: PromptDraft): PromptInput {
  return {
    name: name.trim() || null,
    prompt_text: text,
    metadata: { ...(category.trim() ? { category: category.trim() } : {}), ...(tags.length ? { tags: [...tags] } : {}) },
  };
}

/** Whether storing one would store the other. */
export function sameDraft(a: PromptDraft, b: PromptDraft): boolean {
  return JSON.stringify(inputOf(a)) === JSON.stringify(inputOf(b));
}

export type DraftField = "name" | "category" | "tags" | "text";
export type DraftMistakes = Partial<Record<DraftField, string>>;

/** Which field of the form a field of the request is. */
export function fieldOf(path: string): DraftField | null {
  if (path === "name") return "name";
  if (path === "prompt_text") return "text";
  if (path === "metadata.category") return "category";
  return path.startsWith("metadata.tags") ? "tags" : null;
}

/** What an input's direction is: that of what is typed, and until then, for its placeholder, the page's. */
export function directionOf(text: string): "auto" | undefined {
  return text ? "auto" : undefined;
}

const TITLE = 80;

/** What a prompt is called where it has no name: how it begins. */
export function titleOf({ name, prompt_text }: Pick<Prompt, "name" | "prompt_text">): string {
  if (name) return name;
  const line = prompt_text.trim().split("\n", 1)[0] ?? "";
  return lengthOf(line) > TITLE ? `${clip(line, TITLE).trimEnd()}…` : line;
}

/**
 * `tags` with those written in `typed`, which commas separate: trimmed, each once whatever its case, no
 * more and no longer than the server takes.
 */
export function withTags(tags: readonly string[], typed: string): string[] {
  const next = [...tags];
  for (const part of typed.split(/[,،、，\n]/u)) {
    const tag = clip(part.trim(), LIMITS.tag).trimEnd();
    const known = next.some((other) => other.toLocaleLowerCase() === tag.toLocaleLowerCase());
    if (tag && !known && next.length < LIMITS.tags) next.push(tag);
  }
  return next;
}

/** The name of a copy, within the limit whatever the original's length. */
export function copyName(name: string, wrap: (name: string) => string): string {
  const room = LIMITS.name - lengthOf(wrap(""));
  return wrap(clip(name, Math.max(0, room)));
}
