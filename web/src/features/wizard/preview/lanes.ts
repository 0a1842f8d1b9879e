import type { TurnMetrics } from "@/lib/chat";
import type { LaneEvent, RunEvent } from "@/lib/run-events";

/** One model of a comparison, with what it has said so far. */
export interface Lane {
  /** As it was asked for. */
  asked: string;
  /** As it calls itself. */
  model: string;
  status: "waiting" | "streaming" | "done" | "failed" | "stopped";
  text: string;
  metrics: TurnMetrics | null;
  error: string | null;
}

export function startLanes(models: readonly string[]): Lane[] {
  return models.map((model) => ({ asked: model, model, status: "waiting", text: "", metrics: null, error: null }));
}

function next(lane: Lane, event: RunEvent): Lane {
  switch (event.type) {
    case "started":
      return { ...lane, model: event.model ?? lane.model };
    case "delta":
      return { ...lane, status: "streaming", text: lane.text + event.text };
    case "completed": {
      const { text, usage, latencyMs, ttftMs } = event.result;
      return { ...lane, status: "done", text, metrics: { usage, latencyMs, ttftMs: ttftMs ?? undefined } };
    }
    case "failed":
      return { ...lane, status: "failed", error: event.message };
    case "cancelled":
      return { ...lane, status: "stopped" };
  }
}

/** The lanes after an event; lanes that it is not about stay the same objects. */
export function nextLanes(lanes: readonly Lane[], event: LaneEvent): readonly Lane[] {
  if (event.type === "lane") return lanes.map((lane, index) => (index === event.lane ? next(lane, event.event) : lane));
  return event.type === "finished" ? endLanes(lanes) : lanes;
}

/** Nothing more will come: what has no end yet was stopped. */
export function endLanes(lanes: readonly Lane[], error: string | null = null): readonly Lane[] {
  const open = lanes.some(({ status }) => status === "waiting" || status === "streaming");
  if (!open) return lanes;
  return lanes.map((lane) => (lane.status === "waiting" || lane.status === "streaming" ? { ...lane, status: error === null ? "stopped" : "failed", error } : lane));
}

/** Which of the finished ones was done first; null for a tie, or when there is nothing to compare. */
export function fastest(lanes: readonly Lane[]): number | null {
  const times = lanes.map(({ status, metrics }) => (status === "done" ? (metrics?.latencyMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY));
  const best = Math.min(...times);
  const alone = times.filter((time) => time === best).length === 1;
  return alone && times.filter(Number.isFinite).length > 1 ? times.indexOf(best) : null;
}
