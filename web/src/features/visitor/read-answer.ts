import { MalformedEventError, type RunEvent } from "@/lib/run-events";
import type { StreamEvent } from "@/lib/sse";

const NO_USAGE = { input_tokens: 0, output_tokens: 0 };

function fieldsOf({ event, data }: StreamEvent): Readonly<Record<string, unknown>> {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw new MalformedEventError(event);
  return data as Readonly<Record<string, unknown>>;
}

function text(event: StreamEvent, name: string): string {
  const value = fieldsOf(event)[name];
  if (typeof value !== "string") throw new MalformedEventError(event.event);
  return value;
}

function answerEvent(event: StreamEvent): RunEvent | null {
  switch (event.event) {
    case "run.started":
      return { type: "started", runId: "", model: null, conversationId: text(event, "conversation_id"), agentVersion: null, at: null };
    case "delta":
      return { type: "delta", text: text(event, "text"), at: null };
    case "run.completed":
      return {
        type: "completed",
        result: { text: text(event, "response"), runId: null, model: null, usage: NO_USAGE, latencyMs: 0, ttftMs: null, finishReason: null, cached: false, bare: true },
      };
    case "run.failed":
      return { type: "failed", code: text(event, "code"), message: text(event, "message"), retryable: fieldsOf(event)["retryable"] === true };
    case "run.cancelled":
      return { type: "cancelled" };
    default:
      return null;
  }
}

/** What a visitor is told of an answer: its text and its conversation, and nothing of the run. */
export async function* readAnswer(events: AsyncIterable<StreamEvent>): AsyncGenerator<RunEvent, void, undefined> {
  for await (const event of events) {
    const known = answerEvent(event);
    if (known) yield known;
  }
}
