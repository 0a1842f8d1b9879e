import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { EMPTY_FORM, configToForm, type AgentForm } from "./agent-form";
import { agentFormSchema, variableMistakes } from "./form-schema";
import { LIMITS } from "./limits";

const schema = agentFormSchema({
  long: (max) => `long ${max}`,
  many: (max) => `many ${max}`,
  range: (min, max) => `range ${min} ${max}`,
  whole: () => "whole",
  variableName: () => "name",
  duplicate: () => "duplicate",
  schema: () => "schema",
  modelName: () => "model",
});

/** Path and message of every mistake. */
function mistakes(form: AgentForm): Record<string, string> {
  const result = schema.safeParse(form);
  return Object.fromEntries((result.error?.issues ?? []).map(({ path, message }) => [path.join("."), message]));
}

const withConfig = (config: Partial<AgentForm["config"]>) => mistakes({ ...EMPTY_FORM, config: { ...EMPTY_FORM.config, ...config } });

describe("agentFormSchema", () => {
  it("takes an empty and a full form", () => {
    expect(mistakes(EMPTY_FORM)).toEqual({});
    expect(withConfig(configToForm({ temperature: 2, top_p: 0, max_tokens: 1, memory: { history_turns: 50 }, limits: { timeout_s: 600 }, fallback_models: ["a/b/c"] }))).toEqual({});
  });

  it("names what is out of bounds", () => {
    expect(mistakes({ ...EMPTY_FORM, name: "x".repeat(101) })).toEqual({ name: "long 100" });
    expect(withConfig({ temperature: 2.1, max_tokens: 1.5, top_p: -1 })).toEqual({
      "config.temperature": "range 0 2",
      "config.max_tokens": "whole",
      "config.top_p": "range 0 1",
    });
    expect(withConfig({ suggested_questions: ["ok", "x".repeat(301)] })).toEqual({ "config.suggested_questions.1": "long 300" });
    expect(withConfig({ fallback_models: ["gpt"] })).toEqual({ "config.fallback_models.0": "model" });
    expect(withConfig({ limits: { timeout_s: 601 } })).toEqual({ "config.limits.timeout_s": "range 1 600" });
  });

  it("wants a schema where the format needs one", () => {
    expect(withConfig({ response_format: "json_schema", json_schema: "{" })).toEqual({ "config.json_schema": "schema" });
    expect(withConfig({ response_format: "text", json_schema: "{" })).toEqual({});
  });

  it("finds names of variables that cannot be", () => {
    const variable = (name: string, rest = {}) => ({ name, type: "string" as const, default: "", description: "", required: false, ...rest });
    expect(withConfig({ variables: [variable("city"), variable(" city "), variable("a b"), variable(""), variable("", { default: "x" })] })).toEqual({
      "config.variables.1.name": "duplicate",
      "config.variables.2.name": "name",
      "config.variables.4.name": "name",
    });
    expect(variableMistakes([])).toEqual([]);
  });
});

interface Node {
  maxLength?: number;
  minLength?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  items?: Node;
  properties?: Record<string, Node>;
}

describe("LIMITS", () => {
  const document = JSON.parse(readFileSync("../docs/openapi.json", "utf8")) as { components: { schemas: Record<string, Node> } };
  const of = (name: string, field: string): Node => {
    const node = document.components.schemas[name]?.properties?.[field];
    if (!node) throw new Error(`the document has no ${name}.${field}`);
    return node;
  };

  it("are those of the API's document", () => {
    const config = (field: string) => of("AgentConfig", field);
    const bounds = ({ minimum, maximum }: Node) => ({ min: minimum, max: maximum });
    expect(LIMITS).toEqual({
      name: of("AgentInput", "name").maxLength,
      description: of("AgentInput", "description").maxLength,
      sentence: of("ProposalInput", "description").maxLength,
      sentenceMin: of("ProposalInput", "description").minLength,
      provider: config("provider").maxLength,
      model: config("model").maxLength,
      language: config("language").maxLength,
      persona: config("persona").maxLength,
      instructions: config("instructions").maxLength,
      greeting: config("greeting").maxLength,
      question: config("suggested_questions").items?.maxLength,
      questions: config("suggested_questions").maxItems,
      stop: config("stop").items?.maxLength,
      stops: config("stop").maxItems,
      fallbacks: config("fallback_models").maxItems,
      temperature: bounds(config("temperature")),
      topP: bounds(config("top_p")),
      maxTokens: bounds(config("max_tokens")),
      historyTurns: bounds(of("AgentMemory", "history_turns")),
      timeoutS: bounds(of("AgentLimits", "timeout_s")),
      variables: config("variables").maxItems,
      variableName: of("Variable", "name").maxLength,
      variableDefault: of("Variable", "default").maxLength,
      variableDescription: of("Variable", "description").maxLength,
      compared: { min: 2, max: 4 },
    });
  });
});
