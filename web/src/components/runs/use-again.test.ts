import { describe, expect, it } from "vitest";

import { requestAgain } from "./use-again";

const run = { kind: "generate", agent_id: "a", agent_name: "Ada's helper", input_text: "Hi", status: "completed", conversation_id: "c" } as const;

describe("asking again", () => {
  it("starts a conversation of its own behind an answer", () => {
    expect(requestAgain(run)).toEqual({ agent_id: "a", input_text: "Hi" });
  });
  it("takes the failed question's place in its conversation", () => {
    expect(requestAgain({ ...run, status: "failed" })).toEqual({ agent_id: "a", input_text: "Hi", conversation_id: "c" });
    expect(requestAgain({ ...run, status: "cancelled" })).toMatchObject({ conversation_id: "c" });
    expect(requestAgain({ ...run, status: "failed", conversation_id: null })).toEqual({ agent_id: "a", input_text: "Hi" });
  });
  it.each([{ kind: "preview" }, { agent_id: null }, { agent_name: null }, { input_text: null }, { input_text: "" }] as const)("cannot with %o", (lack) => {
    expect(requestAgain({ ...run, ...lack })).toBeNull();
  });
});
