import { describe, expect, it } from "vitest";

import type { StreamEvent } from "@/lib/sse";

import { EMPTY_FORM, configToForm } from "./agent-form";
import { describing, filledBy, proposalToForm, readProposal, type ProposalEvent } from "./proposal";

async function* stream(...events: [string, unknown][]): AsyncGenerator<StreamEvent> {
  for (const [event, data] of events) yield { event, id: undefined, data };
}

async function read(...events: [string, unknown][]): Promise<ProposalEvent[]> {
  const seen: ProposalEvent[] = [];
  for await (const event of readProposal(stream(...events))) seen.push(event);
  return seen;
}

describe("readProposal", () => {
  it("types what it knows and passes over the rest", async () => {
    const proposal = { name: "Desk", description: null, config: { temperature: 1 } };
    expect(await read(
      ["run.started", { run_id: "r", model: "openai/x" }],
      ["field.delta", { path: "name", text: "De" }],
      ["field", { path: "name", value: "Desk" }],
      ["heartbeat", {}],
      ["field", null],
      ["run.completed", proposal],
    )).toEqual([
      { type: "started", model: "openai/x" },
      { type: "delta", path: "name", text: "De" },
      { type: "field", path: "name", value: "Desk" },
      { type: "completed", proposal },
    ]);
    expect(await read(["run.failed", { code: "upstream_error", message: "no", retryable: true }], ["run.cancelled", { run_id: "r" }])).toEqual([
      { type: "failed", code: "upstream_error", message: "no", retryable: true },
      { type: "cancelled" },
    ]);
  });
});

describe("filledBy", () => {
  it("gives a value the form's shape", () => {
    expect(filledBy("name", "Desk")).toEqual({ path: "name", value: "Desk" });
    expect(filledBy("config.temperature", 0.3)).toEqual({ path: "config.temperature", value: 0.3 });
    expect(filledBy("config.variables", [{ name: "shop" }])).toEqual({
      path: "config.variables",
      value: [{ name: "shop", type: "string", default: "", description: "", required: false }],
    });
    expect(filledBy("config.json_schema", { type: "object" })).toMatchObject({ path: "config.json_schema", value: '{\n  "type": "object"\n}' });
    expect(filledBy("config.suggested_questions", "no list")).toEqual({ path: "config.suggested_questions", value: [] });
    expect(filledBy("config.colour", "red")).toBeNull();
  });

  it("knows every field of the form", () => {
    for (const key of Object.keys(EMPTY_FORM.config)) expect(filledBy(`config.${key}`, undefined)?.path).toBe(`config.${key}`);
  });
});

describe("proposalToForm", () => {
  it("keeps what was not proposed", () => {
    const before = { name: "Old", description: "Kept", config: configToForm({ model: "m", provider: "p", greeting: "Hello" }) };
    const after = proposalToForm({ name: "New", description: null, config: { greeting: "Hi", temperature: 0 } }, before);
    expect(after).toMatchObject({ name: "New", description: "Kept", config: { model: "m", provider: "p", greeting: "Hi", temperature: 0 } });
  });
});

describe("describing", () => {
  const bounds = { min: 3, max: 20 };

  it("takes the first that says enough", () => {
    expect(describing("  Sells tents ", EMPTY_FORM, bounds)).toBe("Sells tents");
    expect(describing("", { ...EMPTY_FORM, name: "Desk", description: "Helps" }, bounds)).toBe("Desk: Helps");
    expect(describing("no", { ...EMPTY_FORM, config: configToForm({ instructions: "x".repeat(50) }) }, bounds)).toBe("x".repeat(20));
    expect(describing("", EMPTY_FORM, bounds)).toBeNull();
  });
});
