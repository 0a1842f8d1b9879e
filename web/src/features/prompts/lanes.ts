import { toApiError } from "@/lib/api/problem";
import type { TurnMetrics } from "@/lib/chat";
import { MalformedEventError, type RunEvent } from "@/lib/run-events";

/** `stopped`: by the reader. `lost`: the connection ended before the answer did. */
export type LaneStatus = "waiting" | "streaming" | "done" | "failed" | "stopped" | "lost";

export interface LaneError {
  code: string;
  message: string;
  requestId: string | null;
}

/** One model's answer to the prompt. */
export interface Lane {
  readonly model: string;
  readonly status: LaneStatus;
  readonly text: string;
  readonly runId: string | null;
  readonly metrics: TurnMetrics | null;
  readonly finishReason: string | null;
  readonly error: LaneError | null;
}

export function newLane(model: string): Lane {
  return { model, status: "waiting", text: "", runId: null, metrics: null, finishReason: null, error: null };
}

export function isUnderWay({ status }: Pick<Lane, "status">): boolean {
  return status === "waiting" || status === "streaming";
}

/** The lane after an event of its run. Nothing changes what has ended. */
export function nextLane(lane: Lane, event: RunEvent): Lane {
  if (!isUnderWay(lane)) return lane;
  switch (event.type) {
    case "started":
      return { ...lane, runId: event.runId };
    case "delta":
      return { ...lane, status: "streaming", text: lane.text + event.text };
    case "completed": {
      const { text, runId, usage, latencyMs, ttftMs, finishReason } = event.result;
      return { ...lane, status: "done", text, runId: runId ?? lane.runId, finishReason, metrics: { usage, latencyMs, ttftMs: ttftMs ?? undefined } };
    }
    case "failed":
      return { ...lane, status: "failed", error: { code: event.code, message: event.message, requestId: null } };
    case "cancelled":
      return { ...lane, status: "stopped" };
  }
}

/** A lane whose stream ended or broke without its own last event. */
export function cutLane(lane: Lane, thrown?: unknown): Lane {
  if (!isUnderWay(lane)) return lane;
  if (thrown === undefined) return { ...lane, status: "lost" };
  if (thrown instanceof MalformedEventError || thrown instanceof SyntaxError) {
    return { ...lane, status: "failed", error: { code: "malformed_reply", message: "", requestId: null } };
  }
  const { code, message, requestId, status } = toApiError(thrown);
  // A connection that broke is no error of the API: what had come stays.
  if (status < 0) return { ...lane, status: "lost" };
  return { ...lane, status: "failed", error: { code, message, requestId } };
}

export function stopLane(lane: Lane): Lane {
  return isUnderWay(lane) ? { ...lane, status: "stopped" } : lane;
}
