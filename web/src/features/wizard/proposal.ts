import type { Proposal, ProposalInput } from "@/lib/api/schema";
import type { StreamEvent } from "@/lib/sse";

import { configToForm, type AgentForm, type ConfigForm } from "./agent-form";

/** What can be proposed anew by itself, under the name the API has for it. */
export type ProposedField = NonNullable<ProposalInput["field"]>;

export const PROPOSED_FIELDS = [
  "name", "description", "persona", "instructions", "response_style", "greeting", "suggested_questions", "variables",
] as const satisfies readonly ProposedField[];

export type ProposalEvent =
  | { type: "started"; model: string }
  | { type: "delta"; path: string; text: string }
  | { type: "field"; path: string; value: unknown }
  | { type: "completed"; proposal: Proposal }
  | { type: "failed"; code: string; message: string; retryable: boolean }
  | { type: "cancelled" };

type Fields = Readonly<Record<string, unknown>>;

function isProposal(value: Fields): value is Fields & Proposal {
  return typeof value["config"] === "object" && value["config"] !== null;
}

function eventOf({ event, data }: StreamEvent): ProposalEvent | null {
  if (typeof data !== "object" || data === null) return null;
  const fields = data as Fields;
  const text = (name: string) => (typeof fields[name] === "string" ? fields[name] : "");
  switch (event) {
    case "run.started":
      return { type: "started", model: text("model") };
    case "field.delta":
      return { type: "delta", path: text("path"), text: text("text") };
    case "field":
      return { type: "field", path: text("path"), value: fields["value"] };
    case "run.completed":
      return isProposal(fields) ? { type: "completed", proposal: fields } : null;
    case "run.failed":
      return { type: "failed", code: text("code"), message: text("message"), retryable: fields["retryable"] === true };
    case "run.cancelled":
      return { type: "cancelled" };
    default:
      return null;
  }
}

/** The events of a streamed proposal; those of a later server are passed over. */
export async function* readProposal(events: AsyncIterable<StreamEvent>): AsyncGenerator<ProposalEvent, void, undefined> {
  for await (const event of events) {
    const known = eventOf(event);
    if (known) yield known;
  }
}

/** A path of the form that a proposal fills, with its value as the form holds it. */
export type Filled =
  | { path: "name" | "description"; value: string }
  | { [K in keyof ConfigForm]: { path: `config.${K}`; value: ConfigForm[K] } }[keyof ConfigForm];

const CONFIG_KEYS = [
  "provider", "model", "temperature", "top_p", "max_tokens", "stop", "response_style", "language", "instructions", "persona", "variables",
  "prompt_id", "greeting", "suggested_questions", "response_format", "json_schema", "memory", "fallback_models", "limits",
] as const satisfies readonly (keyof ConfigForm)[];

/** What a `field` event means for the form; null for what the form does not hold. */
export function filledBy(path: string, value: unknown): Filled | null {
  if (path === "name" || path === "description") return { path, value: typeof value === "string" ? value : "" };
  const key = CONFIG_KEYS.find((one) => `config.${one}` === path);
  if (!key) return null;
  return { path: `config.${key}`, value: configToForm({ [key]: value })[key] } as Filled;
}

/** The form after a whole proposal: what it does not mention stays. */
export function proposalToForm({ name, description, config }: Pick<Proposal, "name" | "description" | "config">, before: AgentForm): AgentForm {
  const proposed = configToForm(config);
  const merged = { ...before.config, ...Object.fromEntries(CONFIG_KEYS.filter((key) => key in config).map((key) => [key, proposed[key]])) };
  return { name: name ?? before.name, description: description ?? before.description, config: merged as ConfigForm };
}

/** What the model is told the agent is for: the sentence it began with, or the best there is instead. */
export function describing(sentence: string, form: AgentForm, { min, max }: { min: number; max: number }): string | null {
  const { name, description, config } = form;
  const candidates = [sentence, [name, description].map((part) => part.trim()).filter(Boolean).join(": "), config.persona, config.instructions];
  const best = candidates.map((text) => text.trim().slice(0, max)).find((text) => text.length >= min);
  return best ?? null;
}
