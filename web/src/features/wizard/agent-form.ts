import type { Agent, AgentConfig, AgentDraft, Variable } from "@/lib/api/schema";

export type ResponseStyle = NonNullable<AgentConfig["response_style"]>;
export type ResponseFormat = NonNullable<AgentConfig["response_format"]>;
export type VariableType = NonNullable<Variable["type"]>;

export const RESPONSE_STYLES = ["formal", "friendly", "concise", "detailed", "playful", "custom"] as const satisfies readonly ResponseStyle[];
export const RESPONSE_FORMATS = ["text", "markdown", "json_schema"] as const satisfies readonly ResponseFormat[];
export const VARIABLE_TYPES = ["string", "number", "boolean"] as const satisfies readonly VariableType[];

export interface VariableForm {
  name: string;
  type: VariableType;
  default: string;
  description: string;
  required: boolean;
}

/**
 * The whole agent as the form holds it. Paths are those of the API, so that its mistakes land where they
 * belong; what is not set is "", null or [].
 */
export interface AgentForm {
  name: string;
  description: string;
  config: {
    provider: string;
    model: string;
    temperature: number | null;
    top_p: number | null;
    max_tokens: number | null;
    stop: string[];
    response_style: ResponseStyle | "";
    language: string;
    instructions: string;
    persona: string;
    variables: VariableForm[];
    prompt_id: string;
    greeting: string;
    suggested_questions: string[];
    response_format: ResponseFormat | "";
    /** As text: what is being typed need not be JSON yet. */
    json_schema: string;
    memory: { history_turns: number | null };
    fallback_models: string[];
    limits: { timeout_s: number | null };
  };
}

export type ConfigForm = AgentForm["config"];

export const EMPTY_FORM: AgentForm = {
  name: "",
  description: "",
  config: {
    provider: "",
    model: "",
    temperature: null,
    top_p: null,
    max_tokens: null,
    stop: [],
    response_style: "",
    language: "",
    instructions: "",
    persona: "",
    variables: [],
    prompt_id: "",
    greeting: "",
    suggested_questions: [],
    response_format: "",
    json_schema: "",
    memory: { history_turns: null },
    fallback_models: [],
    limits: { timeout_s: null },
  },
};

export const EMPTY_VARIABLE: VariableForm = { name: "", type: "string", default: "", description: "", required: false };

type Fields = Readonly<Record<string, unknown>>;

/** A stored draft may hold anything: what has the wrong shape counts as not set. */
function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function number(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

function choice<T extends string>(value: unknown, choices: readonly T[]): T | "" {
  return choices.find((one) => one === value) ?? "";
}

function variable(value: unknown): VariableForm {
  const { name, type, default: preset, description, required } = fields(value);
  return {
    name: text(name),
    type: choice(type, VARIABLE_TYPES) || "string",
    default: text(preset),
    description: text(description),
    required: required === true,
  };
}

function schemaText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "object" && value !== null ? JSON.stringify(value, null, 2) : "";
}

/** A configuration, complete or not, as the form holds it. */
export function configToForm(config: unknown): ConfigForm {
  const from = fields(config);
  return {
    provider: text(from["provider"]),
    model: text(from["model"]),
    temperature: number(from["temperature"]),
    top_p: number(from["top_p"]),
    max_tokens: number(from["max_tokens"]),
    stop: texts(from["stop"]),
    response_style: choice(from["response_style"], RESPONSE_STYLES),
    language: text(from["language"]),
    instructions: text(from["instructions"]),
    persona: text(from["persona"]),
    variables: Array.isArray(from["variables"]) ? from["variables"].map(variable) : [],
    prompt_id: text(from["prompt_id"]),
    greeting: text(from["greeting"]),
    suggested_questions: texts(from["suggested_questions"]),
    response_format: choice(from["response_format"], RESPONSE_FORMATS),
    json_schema: schemaText(from["json_schema"]),
    memory: { history_turns: number(fields(from["memory"])["history_turns"]) },
    fallback_models: texts(from["fallback_models"]),
    limits: { timeout_s: number(fields(from["limits"])["timeout_s"]) },
  };
}

/** The form of an agent: its draft where it has one, else what is published. */
export function agentToForm(agent: Pick<Agent, "name" | "description" | "config" | "status" | "draft">): AgentForm {
  const { draft } = agent;
  // What a draft leaves out stays as published; what was never published has only a stand-in for a name.
  const published = agent.status === "published" ? agent : { name: "", description: "", config: {} };
  return {
    name: draft?.name ?? published.name,
    description: draft?.description ?? published.description ?? "",
    config: configToForm(draft?.config ?? published.config),
  };
}

/** The schema that was typed; undefined while it is no JSON object. */
export function parseJsonSchema(source: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(source);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isBlank({ name, default: preset, description }: VariableForm): boolean {
  return name.trim() === "" && preset === "" && description.trim() === "";
}

function formToVariable({ name, type, default: preset, description, required }: VariableForm): Variable {
  return {
    name: name.trim(),
    type,
    ...(preset === "" ? {} : { default: preset }),
    ...(description.trim() === "" ? {} : { description: description.trim() }),
    ...(required ? { required } : {}),
  };
}

function filled(list: readonly string[]): string[] {
  return list.filter((item) => item.trim() !== "");
}

/** Leaves out what is not set. */
function compact(config: ConfigForm): AgentConfig {
  const { memory, limits, json_schema: _source, variables, stop, suggested_questions, fallback_models, ...plain } = config;
  const set = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== "" && value !== null));
  const lists = { stop: stop.filter(Boolean), suggested_questions: filled(suggested_questions), fallback_models: filled(fallback_models) };
  const declared = variables.filter((one) => !isBlank(one)).map(formToVariable);
  return {
    ...set,
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length)),
    ...(declared.length ? { variables: declared } : {}),
    ...(memory.history_turns === null ? {} : { memory: { history_turns: memory.history_turns } }),
    ...(limits.timeout_s === null ? {} : { limits: { timeout_s: limits.timeout_s } }),
  };
}

/** The configuration to try. An unfinished schema is left out, together with the format that wants it. */
export function formToConfig({ config }: Pick<AgentForm, "config">): AgentConfig {
  const result = compact(config);
  if (config.response_format !== "json_schema") return result;
  const schema = parseJsonSchema(config.json_schema);
  if (schema) return { ...result, json_schema: schema };
  const { response_format: _format, ...rest } = result;
  return rest;
}

/** The configuration to keep: as it is, so that nothing typed is lost. */
function formToDraftConfig({ config }: AgentForm): Record<string, unknown> {
  const result: Record<string, unknown> = { ...compact(config) };
  if (config.response_format !== "json_schema" || config.json_schema.trim() === "") return result;
  return { ...result, json_schema: parseJsonSchema(config.json_schema) ?? config.json_schema };
}

/** What autosave sends. `origin` travels along: where the draft began. */
export function formToDraft(form: AgentForm, origin: Pick<AgentDraft, "step" | "template_id" | "sentence">): AgentDraft {
  return {
    name: form.name,
    description: form.description,
    ...origin,
    config: formToDraftConfig(form),
  };
}
