"use client";

import { Compass, SlidersHorizontal } from "lucide-react";
import { useCallback, useEffect, useId, useState, type ReactNode } from "react";

import { ChatPanel } from "@/components/chat/chat-panel";
import { VariableFields, missingVariables, type VariableValues } from "@/components/chat/variable-fields";
import { Welcome } from "@/components/chat/welcome";
import { ErrorCard } from "@/components/shell/error-card";
import { LanguageSelect, ThemeToggle } from "@/components/shell/plain-preferences";
import { Avatar } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Skeleton } from "@/components/ui/skeleton";
import { toApiError, type ApiError } from "@/lib/api/problem";
import type { PublicAgent } from "@/lib/api/schema";
import { useChat } from "@/lib/chat";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { useSegment } from "@/lib/nav";
import { openStream } from "@/lib/sse";

import { readAgent } from "./read-agent";
import { readAnswer } from "./read-answer";

const MOST_CHARS = 8_000;

function Frame({ name, children }: { name?: string; children: ReactNode }) {
  return (
    <div className="flex h-dvh flex-col">
      <header className="flex shrink-0 items-center gap-3 border-b px-4 py-2">
        {name === undefined ? null : (
          <>
            <Avatar name={name} className="size-8 rounded-lg" />
            <h1 className="min-w-0 truncate font-semibold"><bdi>{name}</bdi></h1>
          </>
        )}
        <span className="ms-auto flex gap-1"><LanguageSelect /><ThemeToggle /></span>
      </header>
      <main className="flex min-h-0 grow flex-col">{children}</main>
    </div>
  );
}

/** The blanks that each question fills in: above the conversation, folded away once they are filled. */
function Blanks({ agent, values, onChange, missing }: { agent: PublicAgent; values: VariableValues; onChange: (values: VariableValues) => void; missing: number }) {
  const t = useT("visitor");
  const [open, setOpen] = useState(missing > 0);
  const id = useId();
  return (
    <div className="shrink-0 border-b bg-card">
      <div className="mx-auto grid w-full max-w-3xl gap-4 px-4 py-2.5">
        <Button variant="ghost" size="sm" className="justify-self-start" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
          <SlidersHorizontal />
          {t("blanks")}
          {missing > 0 ? <span className="text-warning">{t("blanks_missing", { count: missing })}</span> : null}
        </Button>
        {open ? <div id={id} className="grid max-h-[40vh] gap-4 overflow-y-auto pb-2 sm:grid-cols-2"><VariableFields variables={agent.variables} values={values} onChange={onChange} /></div> : null}
      </div>
    </div>
  );
}

function Talk({ slug, agent }: { slug: string; agent: PublicAgent }) {
  const t = useT("visitor");
  const [variables, setVariables] = useState<VariableValues>({});
  const { turns, busy, send, stop, retry } = useChat({
    send: ({ input, conversationId, signal }) => readAnswer(openStream({
      path: `/v1/public/agents/${encodeURIComponent(slug)}/generate`,
      body: { input_text: input, variables, stream: true, ...(conversationId ? { conversation_id: conversationId } : {}) },
      signal,
      credentials: "omit",
    })),
  });
  const missing = missingVariables(agent.variables, variables).length;
  return (
    <>
      {agent.variables.length ? <Blanks agent={agent} values={variables} onChange={setVariables} missing={missing} /> : null}
      <ChatPanel
        chat={{ turns, busy, send, stop, retry }}
        name={agent.name}
        className="grow"
        maxLength={MOST_CHARS}
        disabled={missing > 0}
        placeholder={missing > 0 ? t("fill_first") : t("placeholder", { name: agent.name })}
        footer={t("notice")}
        empty={(
          <Welcome
            icon={<Avatar name={agent.name} className="size-14 rounded-2xl text-lg" />}
            title={<bdi>{agent.name}</bdi>}
            greeting={agent.greeting ?? agent.description ?? undefined}
            suggestions={agent.suggested_questions}
            onPick={missing > 0 ? undefined : send}
          />
        )}
      />
    </>
  );
}

function Missing() {
  const t = useT("visitor.missing");
  return <EmptyState icon={Compass} title={t("title")} className="m-auto max-w-xl border-0">{t("body")}</EmptyState>;
}

function Waiting() {
  return <div aria-busy="true" className="m-auto grid w-full max-w-sm justify-items-center gap-4 px-4"><Skeleton className="size-14 rounded-2xl" /><Skeleton className="h-6 w-48" /><Skeleton className="h-16 w-full" /></div>;
}

/** Reads the agent as nobody: who is signed in here is a visitor like all others. */
function useAgent(slug: string) {
  const [agent, setAgent] = useState<PublicAgent | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    setError(null);
    readAgent(slug, controller.signal).then(setAgent, (thrown: unknown) => {
      if (!controller.signal.aborted) setError(toApiError(thrown));
    });
    return () => controller.abort();
  }, [slug, tries]);
  return { agent, error, again: useCallback(() => setTries((count) => count + 1), []) };
}

function Visit({ slug }: { slug: string }) {
  const { agent, error, again } = useAgent(slug);
  const name = agent?.name;
  useEffect(() => {
    if (name) document.title = name;
  }, [name]);
  if (agent) return <Frame name={agent.name}><Talk slug={slug} agent={agent} /></Frame>;
  const absent = error?.status === 404 || error?.status === 422;
  return (
    <Frame>
      {!error ? <Waiting /> : null}
      {absent ? <Missing /> : null}
      {error && !absent ? <div className={cn("m-auto w-full max-w-xl px-4")}><ErrorCard error={error} onRetry={again} /></div> : null}
    </Frame>
  );
}

/** An agent that was opened to everybody who has its link: its conversation, and nothing of the app around it. */
export function VisitorScreen() {
  const slug = useSegment(1);
  return slug ? <Visit key={slug} slug={slug} /> : <Frame><Waiting /></Frame>;
}
