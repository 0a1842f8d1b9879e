import { describe, expect, it } from "vitest";

import { EMPTY_FORM, agentToForm, configToForm, formToConfig, formToDraft, parseJsonSchema } from "./agent-form";

const FULL = {
  provider: "openai",
  model: "gpt-4o-mini",
  temperature: 0,
  top_p: 0.9,
  max_tokens: 512,
  stop: ["END", "\n\n"],
  response_style: "concise",
  language: "German",
  instructions: "Answer {{customer}} in one sentence.",
  persona: "A calm librarian",
  variables: [
    { name: "customer", type: "string", default: "friend", description: "Who asks" },
    { name: "amount", type: "number", required: true },
  ],
  prompt_id: "01890000-0000-7000-8000-000000000000",
  greeting: "Grüß Gott! 👋",
  suggested_questions: ["What can you do?"],
  response_format: "json_schema",
  json_schema: { type: "object", properties: { answer: { type: "string" } } },
  memory: { history_turns: 0 },
  fallback_models: ["anthropic/small"],
  limits: { timeout_s: 30 },
} as const;

const formOf = (config: unknown) => ({ ...EMPTY_FORM, config: configToForm(config) });

describe("the form of a configuration", () => {
  it("gives back every field as it came", () => {
    expect(formToConfig(formOf(FULL))).toEqual(FULL);
    expect(formToDraft(formOf(FULL), {}).config).toEqual(FULL);
  });

  it("has nothing where nothing is set, and gives nothing back", () => {
    expect(configToForm({})).toEqual(EMPTY_FORM.config);
    expect(formToConfig(EMPTY_FORM)).toEqual({});
  });

  it("reads a draft of any shape", () => {
    const broken = { temperature: "hot", stop: [1, "x", null], variables: [null, { name: 7 }, "v"], memory: [], response_style: "rude", limits: null, extra: true };
    const { config } = formOf(broken);
    expect(config.temperature).toBeNull();
    expect(config.stop).toEqual(["x"]);
    expect(config.response_style).toBe("");
    expect(config.variables).toHaveLength(3);
    for (const nothing of [null, undefined, "text", 3, []]) expect(configToForm(nothing)).toEqual(EMPTY_FORM.config);
  });

  it("leaves empty rows out", () => {
    const form = formOf({ suggested_questions: ["", " ", "Why?"], variables: [{ name: " " }, { name: " city " }] });
    expect(formToConfig(form)).toEqual({ suggested_questions: ["Why?"], variables: [{ name: "city", type: "string" }] });
  });

  it("keeps an unfinished schema in the draft and tries without it", () => {
    const form = formOf({ response_format: "json_schema" });
    form.config.json_schema = '{"type": ';
    expect(formToDraft(form, {}).config).toEqual({ response_format: "json_schema", json_schema: '{"type": ' });
    expect(formToConfig(form)).toEqual({});
    expect(configToForm(formToDraft(form, {}).config).json_schema).toBe('{"type": ');
  });

  it("sends no schema with another format", () => {
    const form = formOf(FULL);
    form.config.response_format = "text";
    expect(formToConfig(form)).not.toHaveProperty("json_schema");
    expect(formToDraft(form, {}).config).not.toHaveProperty("json_schema");
  });
});

describe("the form of an agent", () => {
  const published = { name: "Desk", description: null, config: { temperature: 1 }, status: "published" as const, draft: null };

  it("is what is published, and the draft where there is one", () => {
    expect(agentToForm(published)).toMatchObject({ name: "Desk", description: "", config: { temperature: 1 } });
    const draft = { name: "Desk 2", config: { temperature: 0.5 } };
    expect(agentToForm({ ...published, draft })).toMatchObject({ name: "Desk 2", description: "", config: { temperature: 0.5 } });
    expect(agentToForm({ ...published, draft: { step: "model" } })).toMatchObject({ name: "Desk", config: { temperature: 1 } });
  });

  it("takes no stand-in for the name of what was never published", () => {
    const agent = { ...published, name: "Untitled agent", status: "draft" as const, config: {} };
    expect(agentToForm({ ...agent, draft: { sentence: "Sells tents" } })).toEqual(EMPTY_FORM);
  });

  it("is saved with where it began", () => {
    const draft = formToDraft({ ...EMPTY_FORM, name: "Desk" }, { step: "model", sentence: "Answers", template_id: "support-desk" });
    expect(draft).toEqual({ name: "Desk", description: "", step: "model", sentence: "Answers", template_id: "support-desk", config: {} });
  });
});

describe("parseJsonSchema", () => {
  it("takes objects alone", () => {
    expect(parseJsonSchema('{"type":"object"}')).toEqual({ type: "object" });
    for (const source of ["", "[]", "null", "3", "{", '"x"']) expect(parseJsonSchema(source)).toBeUndefined();
  });
});
