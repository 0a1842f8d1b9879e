import { api } from "@/lib/api/client";
import type { Run } from "@/lib/api/schema";
import { treeOf, type ChatTree, type Turn } from "@/lib/chat";

const MOST_TURNS = 50;

type TurnInput = Omit<Turn, "parentId">;

function answerStatus(run: Run): Turn["status"] {
  if (run.status === "completed") return "done";
  if (run.status === "cancelled") return "stopped";
  return run.status === "failed" ? "failed" : "lost";
}

function answerOf(run: Run): TurnInput {
  const running = run.status === "running";
  return {
    id: `answer-${run.id}`,
    role: "assistant",
    // A running answer is told from its beginning by the stream that goes on with it.
    text: running ? "" : (run.output_text ?? ""),
    status: answerStatus(run),
    runId: run.id,
    conversationId: run.conversation_id ?? undefined,
    model: `${run.provider}/${run.model}`,
    agentVersion: run.agent_version ?? undefined,
    metrics: {
      usage: run.input_tokens === null || run.output_tokens === null ? undefined : { input_tokens: run.input_tokens, output_tokens: run.output_tokens },
      latencyMs: run.latency_ms ?? undefined,
      ttftMs: run.ttft_ms ?? undefined,
    },
    error: run.status === "failed" ? { code: run.error_code ?? "", message: run.error_message ?? "", retryable: true, requestId: null } : undefined,
    resumable: running,
  };
}

/** The exchanges of a conversation as turns, oldest first. */
export function turnsOf(runs: readonly Run[]): TurnInput[] {
  return runs.flatMap((run) => [
    { id: `question-${run.id}`, role: "user", text: run.input_text ?? "", status: "done", conversationId: run.conversation_id ?? undefined } as const,
    answerOf(run),
  ]);
}

export interface StoredConversation {
  tree: ChatTree;
  /** The answer that is still under way, to go on with. */
  running: string | null;
}

/** Reads a conversation back; null when there is no such one. */
export async function loadConversation(agentId: string, conversationId: string, signal: AbortSignal): Promise<StoredConversation | null> {
  const { data: page } = await api.GET("/v1/runs", { params: { query: { agent_id: agentId, conversation_id: conversationId, limit: MOST_TURNS } }, signal });
  const ids = (page?.data ?? []).map((run) => run.id).reverse();
  if (!ids.length) return null;
  const runs = await Promise.all(ids.map(async (id) => (await api.GET("/v1/runs/{id}", { params: { path: { id } }, signal })).data));
  const turns = turnsOf(runs.filter((run): run is Run => run !== undefined));
  return { tree: treeOf(turns), running: turns.find((turn) => turn.resumable)?.id ?? null };
}
