import { describe, expect, it } from "vitest";

import type { StreamEvent } from "@/lib/sse";

import { readAnswer } from "./read-answer";

async function read(...events: [string, unknown][]) {
  const stream = async function* (): AsyncGenerator<StreamEvent> {
    for (const [event, data] of events) yield { event, id: undefined, data };
  };
  const seen = [];
  for await (const event of readAnswer(stream())) seen.push(event);
  return seen;
}

describe("an answer to a visitor", () => {
  it("is its text and its conversation", async () => {
    const seen = await read(["run.started", { conversation_id: "c1" }], ["delta", { text: "Hel" }], ["later.kind", {}], ["run.completed", { response: "Hello", conversation_id: "c1" }]);
    expect(seen).toMatchObject([{ type: "started", conversationId: "c1" }, { type: "delta", text: "Hel" }, { type: "completed", result: { text: "Hello", bare: true } }]);
  });

  it("says why there is none", async () => {
    expect(await read(["run.failed", { code: "upstream_error", message: "No.", retryable: true }])).toEqual([{ type: "failed", code: "upstream_error", message: "No.", retryable: true }]);
    expect(await read(["run.cancelled", {}])).toEqual([{ type: "cancelled" }]);
  });

  it("is refused when it cannot be read", async () => {
    await expect(read(["delta", { text: 1 }])).rejects.toThrow("delta");
    await expect(read(["run.started", null])).rejects.toThrow("run.started");
  });
});
