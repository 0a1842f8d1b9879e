import type { AgentForm } from "./agent-form";

export const STEPS = ["identity", "model", "instructions", "conversation", "limits", "review"] as const;
export type Step = (typeof STEPS)[number];

export function isStep(value: unknown): value is Step {
  return STEPS.some((step) => step === value);
}

/** Where each field is edited; a path belongs to the longest entry it begins with. */
const HOME = {
  "name": "identity",
  "description": "identity",
  "config": "identity",
  "config.persona": "identity",
  "config.language": "identity",
  "config.provider": "model",
  "config.model": "model",
  "config.temperature": "model",
  "config.top_p": "model",
  "config.max_tokens": "model",
  "config.stop": "model",
  "config.fallback_models": "model",
  "config.response_format": "model",
  "config.json_schema": "model",
  "config.instructions": "instructions",
  "config.response_style": "instructions",
  "config.prompt_id": "instructions",
  "config.variables": "conversation",
  "config.greeting": "conversation",
  "config.suggested_questions": "conversation",
  "config.memory": "conversation",
  "config.limits": "limits",
} as const satisfies Record<string, Step>;

/** A field with a label of its own. */
export type FieldName = keyof typeof HOME;

/** Where a mistake stands: "config.variables[2].name" is field 2 of `config.variables`, its `name`. */
export interface FieldPlace {
  /** As the form names it: "config.variables.2.name". */
  path: string;
  field: FieldName;
  step: Step;
  /** Which entry of a list, from 0. */
  index: number | null;
}

function isField(path: string): path is FieldName {
  return Object.hasOwn(HOME, path);
}

/** The place of a path of the API or of the form; null when no control here changes it. */
export function placeOf(apiPath: string): FieldPlace | null {
  const parts = apiPath.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
  for (let length = parts.length; length > 0; length--) {
    const field = parts.slice(0, length).join(".");
    if (!isField(field)) continue;
    if (field === "config" && length < parts.length) return null;
    const next = parts[length];
    return { path: parts.join("."), field, step: HOME[field], index: next !== undefined && /^\d+$/.test(next) ? Number(next) : null };
  }
  return null;
}

/** What keeps an agent from being published. */
export interface Mistake {
  path: string;
  code: string;
  message: string;
}

/** What the server will miss, found before asking it. Messages are the caller's. */
export function missing(form: AgentForm): Omit<Mistake, "message">[] {
  const { instructions, persona, prompt_id } = form.config;
  const found: Omit<Mistake, "message">[] = [];
  if (form.name.trim() === "") found.push({ path: "name", code: "required" });
  if (![instructions, persona, prompt_id].some((text) => text.trim() !== "")) found.push({ path: "config.instructions", code: "required" });
  return found;
}

const MEANING: Readonly<Record<Exclude<Step, "review">, (form: AgentForm) => boolean>> = {
  identity: ({ name }) => name.trim() !== "",
  model: ({ config }) => config.model !== "" || config.provider !== "" || config.temperature !== null || config.max_tokens !== null || config.response_format !== "",
  instructions: ({ config }) => [config.instructions, config.prompt_id].some((text) => text.trim() !== ""),
  conversation: ({ config }) => config.greeting.trim() !== "" || config.suggested_questions.length > 0 || config.variables.length > 0 || config.memory.history_turns !== null,
  limits: ({ config }) => config.limits.timeout_s !== null,
};

export type StepState = "done" | "attention" | "todo";

/**
 * How far each step is. `mistakes`: wrong now; a field that is merely missing is told only for a step that
 * was `seen`, because nobody likes to be corrected before having begun.
 */
export function stepStates(form: AgentForm, mistakes: readonly Pick<Mistake, "path">[], seen: ReadonlySet<Step>): Record<Step, StepState> {
  const wrong = new Set(mistakes.map(({ path }) => placeOf(path)?.step));
  const lacking = new Set(missing(form).map(({ path }) => placeOf(path)?.step));
  const state = (step: Exclude<Step, "review">): StepState => {
    if (wrong.has(step) || (lacking.has(step) && seen.has(step))) return "attention";
    if (lacking.has(step)) return "todo";
    return MEANING[step](form) || seen.has(step) ? "done" : "todo";
  };
  return {
    identity: state("identity"),
    model: state("model"),
    instructions: state("instructions"),
    conversation: state("conversation"),
    limits: state("limits"),
    review: "todo",
  };
}

/** Steps up to the one where somebody left off count as seen. */
export function seenUpTo(step: Step): Set<Step> {
  return new Set(STEPS.slice(0, STEPS.indexOf(step)));
}
