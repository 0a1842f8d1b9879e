import { describe, expect, it } from "vitest";

import { EMPTY_FORM, configToForm, type AgentForm } from "./agent-form";
import { missing, placeOf, seenUpTo, stepStates, STEPS } from "./steps";

const formOf = (name: string, config: unknown): AgentForm => ({ name, description: "", config: configToForm(config) });

describe("placeOf", () => {
  it("finds the step and the form's path of what the server names", () => {
    expect(placeOf("name")).toEqual({ path: "name", field: "name", step: "identity", index: null });
    expect(placeOf("config.instructions")).toMatchObject({ field: "config.instructions", step: "instructions", index: null });
    expect(placeOf("config.variables[2].name")).toEqual({ path: "config.variables.2.name", field: "config.variables", step: "conversation", index: 2 });
    expect(placeOf("config.stop[0]")).toMatchObject({ path: "config.stop.0", field: "config.stop", step: "model", index: 0 });
    expect(placeOf("config.memory.history_turns")).toMatchObject({ path: "config.memory.history_turns", field: "config.memory", step: "conversation" });
    expect(placeOf("config")).toMatchObject({ field: "config", step: "identity" });
  });

  it("knows what it does not know", () => {
    for (const path of ["", "draft", "config.colour", "names", "config2.model"]) expect(placeOf(path)).toBeNull();
  });

  it("has a home for every field of the form", () => {
    for (const key of Object.keys(EMPTY_FORM.config)) expect(placeOf(`config.${key}`)?.field).toBe(`config.${key}`);
  });
});

describe("missing", () => {
  it("wants a name, and something that the model is told", () => {
    expect(missing(EMPTY_FORM).map(({ path }) => path)).toEqual(["name", "config.instructions"]);
    for (const config of [{ instructions: "x" }, { persona: "x" }, { prompt_id: "018f" }]) expect(missing(formOf("Desk", config))).toEqual([]);
    expect(missing(formOf("  ", { instructions: " " })).length).toBe(2);
  });
});

describe("stepStates", () => {
  const none = new Set<never>();

  it("blames nobody who has not begun", () => {
    expect(Object.values(stepStates(EMPTY_FORM, [], none))).toEqual(STEPS.map(() => "todo"));
  });

  it("shows what was passed over, and what is wrong at once", () => {
    expect(stepStates(EMPTY_FORM, [], seenUpTo("model"))).toMatchObject({ identity: "attention", model: "todo" });
    expect(stepStates(EMPTY_FORM, [], seenUpTo("review"))).toMatchObject({ identity: "attention", model: "done", instructions: "attention", conversation: "done", limits: "done" });
    expect(stepStates(EMPTY_FORM, [{ path: "config.variables.0.name" }], none)).toMatchObject({ conversation: "attention", identity: "todo" });
  });

  it("counts what is filled as done, seen or not", () => {
    const form = formOf("Desk", { instructions: "x", model: "m", greeting: "Hi", limits: { timeout_s: 9 } });
    expect(stepStates(form, [], none)).toEqual({ identity: "done", model: "done", instructions: "done", conversation: "done", limits: "done", review: "todo" });
  });
});
