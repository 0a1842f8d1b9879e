"use client";

import { useQueryClient } from "@tanstack/react-query";
import { MessageSquarePlus } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { ChatPanel } from "@/components/chat/chat-panel";
import { preloadMarkdown } from "@/components/chat/markdown";
import { Welcome } from "@/components/chat/welcome";
import { Avatar } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { api } from "@/lib/api/client";
import { invalidateAfter } from "@/lib/api/policies";
import type { Agent, AgentConfig } from "@/lib/api/schema";
import { usePermission } from "@/lib/api/session";
import { useChat, type Interrupted, type Question } from "@/lib/chat";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";
import { readRun } from "@/lib/run-events";
import { openStream } from "@/lib/sse";

import { configOf } from "./config-of";
import { loadConversation } from "./conversation-url";
import { VariableFields, missingVariables, type VariableValues } from "@/components/chat/variable-fields";

/**
 * Asks the agent. A question on another branch than the server's conversation goes as a preview with
 * its own history: the server's conversation is one line, and the model would be shown both.
 */
function ask(agent: Agent, config: AgentConfig, variables: VariableValues, { input, history, conversationId, branched, signal }: Question) {
  const common = { input_text: input, variables, stream: true };
  if (branched) return readRun(openStream({ path: "/v1/ai/preview", body: { ...common, config, messages: history }, signal }));
  const body = { ...common, agent_id: agent.id, ...(conversationId ? { conversation_id: conversationId } : {}) };
  return readRun(openStream({ path: "/v1/ai/generate", body, signal }));
}

function goOn({ runId, lastEventId, signal }: Interrupted) {
  return readRun(openStream({ path: `/v1/runs/${runId}/events`, method: "GET", signal, lastEventId: lastEventId ?? undefined }));
}

function cancelRun(id: string) {
  return api.POST("/v1/runs/{id}/cancel", { params: { path: { id } } });
}

function useAgentChat(agent: Agent, config: AgentConfig, variables: VariableValues) {
  const queries = useQueryClient();
  const [params, setParams] = useQueryState();
  const [opened] = useState(() => params.get("conversation"));
  const [reading, setReading] = useState(opened !== null);
  const chat = useChat({
    send: (question) => ask(agent, config, variables, question),
    resume: goOn,
    cancel: cancelRun,
    onEnd: (turn) => {
      void invalidateAfter(queries, "post /v1/ai/generate");
      if (turn.conversationId) setParams({ conversation: turn.conversationId });
    },
  });
  const { load, resume, send } = chat;
  const reader = useRef<AbortController | null>(null);

  // The address names the conversation, so a reload finds it, and an answer under way goes on.
  useEffect(() => {
    if (!opened) return undefined;
    preloadMarkdown();
    const controller = new AbortController();
    reader.current = controller;
    loadConversation(agent.id, opened, controller.signal).then(
      (stored) => {
        if (controller.signal.aborted) return;
        setReading(false);
        if (!stored) return;
        load(stored.tree);
        if (stored.running) resume(stored.running);
      },
      () => {
        if (!controller.signal.aborted) setReading(false);
      },
    );
    return () => controller.abort();
  }, [agent.id, opened, load, resume]);

  // From the first word on: a reload in the middle of an answer is the case that matters.
  const conversation = chat.turns.findLast(({ turn }) => turn.conversationId)?.turn.conversationId;
  useEffect(() => {
    if (conversation) setParams({ conversation });
  }, [conversation, setParams]);

  const startAnew = useCallback(() => {
    // One that is still being read would come over the new one.
    reader.current?.abort();
    setReading(false);
    load();
    setParams({ conversation: null });
  }, [load, setParams]);
  // What is said goes behind what is being read: it waits in the composer.
  const sendAfter = useCallback((text: string) => !reading && send(text), [reading, send]);
  return { chat: { ...chat, send: sendAfter }, reading, startAnew };
}

/** In place of a conversation that is on its way: nothing that would have to move for it. */
function Reading() {
  return (
    <div aria-busy="true" className="mx-auto grid w-full max-w-3xl gap-6 px-4 py-5">
      <Skeleton className="ms-auto h-11 w-2/5 rounded-2xl" />
      <Skeleton className="h-24 w-full" />
    </div>
  );
}

export function AgentChat({ agent }: { agent: Agent }) {
  const t = useT("agents.chat");
  const tCore = useT("core");
  const config = useMemo(() => configOf(agent.config), [agent.config]);
  const [variables, setVariables] = useState<VariableValues>({});
  const { chat, reading, startAnew } = useAgentChat(agent, config, variables);
  const runs = usePermission("ai:run");
  const missing = missingVariables(config.variables ?? [], variables);
  const closed = !runs || missing.length > 0;
  return (
    <div className="flex grow lg:h-[max(26rem,calc(100dvh-19rem))] flex-col gap-4 lg:flex-row">
      {/* As high as the screen under the bar, so that the conversation scrolls in it and one can always write. */}
      <Card className="flex h-[calc(100dvh-5.5rem)] min-h-96 min-w-0 shrink-0 flex-col overflow-hidden pt-2 lg:h-auto lg:min-h-0 lg:shrink lg:grow">
        <ChatPanel
          chat={chat}
          name={agent.name}
          className="grow"
          disabled={closed}
          placeholder={!runs ? tCore("may_not_run") : closed ? t("fill_first") : t("placeholder", { name: agent.name })}
          empty={reading ? <Reading /> : (
            <Welcome
              icon={<Avatar name={agent.name} className="size-14 rounded-2xl text-lg" />}
              title={t("empty_title", { name: agent.name })}
              greeting={config.greeting}
              suggestions={config.suggested_questions}
              onPick={closed ? undefined : chat.send}
            />
          )}
          tools={reading || chat.turns.length ? <Button variant="ghost" size="sm" onClick={startAnew}><MessageSquarePlus />{t("new")}</Button> : null}
        />
      </Card>
      {config.variables?.length ? (
        <Card className="grid w-full shrink-0 content-start gap-4 overflow-y-auto p-5 lg:w-72">
          <div>
            <h2 className="font-semibold">{t("variables")}</h2>
            <p className="text-sm text-muted-foreground">{t("variables_hint")}</p>
          </div>
          <VariableFields variables={config.variables} values={variables} onChange={setVariables} />
        </Card>
      ) : null}
    </div>
  );
}
