import type { Finding, Usage } from "./api/schema";
import type { StreamEvent } from "./sse";

/** What a finished run says about itself. */
export interface RunResult {
  /** The whole answer; what the deltas added up to, or would have. */
  text: string;
  runId: string | null;
  model: string | null;
  usage: Usage;
  latencyMs: number;
  ttftMs: number | null;
  finishReason: string | null;
  cached: boolean;
  /** The answer alone was told: its figures are not for whoever reads it. */
  bare?: true;
}

/** What a run says while it goes on. The last one is `completed`, `failed` or `cancelled`; nothing follows it. */
export type RunEvent =
  | { type: "started"; runId: string; model: string | null; conversationId: string | null; agentVersion: number | null; at: string | null }
  /** `at`: give it back as Last-Event-ID to go on behind this piece. */
  | { type: "delta"; text: string; at: string | null }
  | { type: "completed"; result: RunResult }
  | { type: "failed"; code: string; message: string; retryable: boolean }
  | { type: "cancelled" };

/** Several runs on one stream: each event of a run comes with the number of its lane. */
export type LaneEvent =
  | { type: "findings"; findings: Finding[] }
  | { type: "lane"; lane: number; event: RunEvent }
  /** Every lane has ended. */
  | { type: "finished" };

/** An event that is not what its name promises. */
export class MalformedEventError extends Error {
  override readonly name = "MalformedEventError";
  constructor(readonly event: string) {
    super(`The server sent an event "${event}" that cannot be read`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf({ event, data }: StreamEvent): Fields {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw new MalformedEventError(event);
  return data as Fields;
}

function text(event: StreamEvent, fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new MalformedEventError(event.event);
  return value;
}

function optional(fields: Fields, name: string): string | null {
  const value = fields[name];
  return typeof value === "string" ? value : null;
}

function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function usageOf(event: StreamEvent, value: unknown): Usage {
  const { input_tokens, output_tokens } = fieldsOf({ ...event, data: value });
  return { input_tokens: count(input_tokens) ?? 0, output_tokens: count(output_tokens) ?? 0 };
}

function resultOf(event: StreamEvent, fields: Fields): RunResult {
  return {
    text: text(event, fields, "response"),
    runId: optional(fields, "run_id"),
    model: optional(fields, "model"),
    usage: usageOf(event, fields["usage"]),
    latencyMs: count(fields["latency_ms"]) ?? 0,
    ttftMs: count(fields["ttft_ms"]),
    finishReason: optional(fields, "finish_reason"),
    cached: fields["cached"] === true,
  };
}

function runEvent(event: StreamEvent): RunEvent | null {
  const at = event.id ?? null;
  switch (event.event) {
    case "run.started": {
      const fields = fieldsOf(event);
      return {
        type: "started",
        runId: text(event, fields, "run_id"),
        model: optional(fields, "model"),
        conversationId: optional(fields, "conversation_id"),
        agentVersion: count(fields["agent_version"]),
        at,
      };
    }
    case "delta":
      return { type: "delta", text: text(event, fieldsOf(event), "text"), at };
    case "run.completed":
      return { type: "completed", result: resultOf(event, fieldsOf(event)) };
    case "run.failed": {
      const fields = fieldsOf(event);
      return { type: "failed", code: text(event, fields, "code"), message: text(event, fields, "message"), retryable: fields["retryable"] === true };
    }
    case "run.cancelled":
      return { type: "cancelled" };
    default:
      return null;
  }
}

function laneOf(event: StreamEvent): number {
  const lane = count(fieldsOf(event)["lane"]);
  if (lane === null || !Number.isInteger(lane) || lane < 0) throw new MalformedEventError(event.event);
  return lane;
}

function isFinding(value: unknown): value is Finding {
  return typeof value === "object" && value !== null && "code" in value && "severity" in value && "message" in value;
}

function laneEvent(event: StreamEvent): LaneEvent | null {
  if (event.event === "findings") {
    const { findings } = fieldsOf(event);
    if (!Array.isArray(findings) || !findings.every(isFinding)) throw new MalformedEventError(event.event);
    return { type: "findings", findings };
  }
  if (event.event === "compare.completed" || event.event === "validate.completed") return { type: "finished" };
  const inner = runEvent(event);
  return inner && { type: "lane", lane: laneOf(event), event: inner };
}

async function* typed<T>(events: AsyncIterable<StreamEvent>, parse: (event: StreamEvent) => T | null): AsyncGenerator<T, void, undefined> {
  for await (const event of events) {
    const known = parse(event);
    if (known) yield known;
  }
}

/**
 * The events of one run (generate, preview, replay), typed: `readRun(openStream({ path, body, signal }))`.
 * Events of a later server are passed over; a known one of the wrong shape throws a MalformedEventError.
 */
export function readRun(events: AsyncIterable<StreamEvent>): AsyncGenerator<RunEvent, void, undefined> {
  return typed(events, runEvent);
}

/** The same for several runs on one stream (compare, validate). */
export function readLanes(events: AsyncIterable<StreamEvent>): AsyncGenerator<LaneEvent, void, undefined> {
  return typed(events, laneEvent);
}
