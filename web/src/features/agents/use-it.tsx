"use client";

import { BookOpen, KeyRound } from "lucide-react";
import { useState } from "react";

import { CodeBlock } from "@/components/chat/code-block";
import { May } from "@/components/shell/may";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { Segmented } from "@/components/ui/segmented";
import { Switch } from "@/components/ui/switch";
import { CreateKeyDialog } from "@/features/api-keys/key-dialogs";
import type { Agent } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { configOf } from "./config-of";
import { LANGUAGES, snippet, type SnippetLanguage } from "./snippets";

const HIGHLIGHT = { curl: "bash", javascript: "javascript", python: "python" } as const;

function Fact({ label, value }: { label: string; value: string }) {
  const t = useT("core");
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <dt className="text-xs text-muted-foreground">{label}</dt>
      <dd className="flex items-center gap-1 rounded-lg bg-muted ps-3">
        <code dir="ltr" className="min-w-0 grow truncate py-2 font-mono text-xs" title={value}>{value}</code>
        <CopyButton text={value} label={t("copy")} copiedLabel={t("copied")} />
      </dd>
    </div>
  );
}

function KeyNotice({ secret, onMake }: { secret: string | null; onMake: () => void }) {
  const t = useT("agents.use");
  if (secret) return <p role="status" className="rounded-lg bg-success-soft px-4 py-2.5 text-sm text-success">{t("key_filled")}</p>;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg bg-primary-soft px-4 py-2.5 text-sm text-primary-soft-foreground">
      <span className="flex items-center gap-2.5"><KeyRound aria-hidden="true" className="size-4" />{t("key_missing")}</span>
      <May permission="keys:write"><Button size="sm" onClick={onMake}>{t("make_key")}</Button></May>
    </div>
  );
}

/** Programs that call this very agent, with a key made here. */
export function UseIt({ agent }: { agent: Agent }) {
  const t = useT("agents.use");
  const [language, setLanguage] = useState<SnippetLanguage>("curl");
  const [stream, setStream] = useState(false);
  const [text, setText] = useState<string | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const config = configOf(agent.config);
  const { origin } = window.location;
  const code = snippet(language, {
    origin,
    agentId: agent.id,
    key: secret ?? t("key_placeholder"),
    text: text ?? config.suggested_questions?.[0] ?? t("input_default"),
    stream,
    variables: (config.variables ?? []).filter(({ required, default: preset }) => required && !preset),
  });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_18rem]">
      <Card className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-4 p-5">
        <div>
          <h2 className="font-semibold">{t("title")}</h2>
          <p className="text-sm text-muted-foreground">{t("description")}</p>
        </div>
        <KeyNotice secret={secret} onMake={() => setMaking(true)} />
        <div className="flex flex-wrap items-center justify-between gap-3">
          <Segmented label={t("language")} value={language} onChange={setLanguage} options={LANGUAGES.map((value) => ({ value, label: t(value) }))} />
          <span className="flex items-center gap-2.5 text-sm"><Switch checked={stream} onCheckedChange={setStream} aria-label={t("streaming")} />{t("streaming")}</span>
        </div>
        <CodeBlock code={code} language={HIGHLIGHT[language]} />
      </Card>
      <Card className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-4 p-5">
        <Field label={t("input")}>
          <FieldInput value={text ?? config.suggested_questions?.[0] ?? t("input_default")} onChange={(event) => setText(event.target.value)} maxLength={500} />
        </Field>
        <dl className="grid grid-cols-[minmax(0,1fr)] gap-4">
          <Fact label={t("endpoint")} value={`${origin}/v1/ai/generate`} />
          <Fact label={t("agent_id")} value={agent.id} />
        </dl>
        <Button asChild variant="secondary"><Link href="/docs"><BookOpen aria-hidden="true" />{t("docs")}</Link></Button>
      </Card>
      {making ? <CreateKeyDialog name={agent.name} agentId={agent.id} onClose={() => setMaking(false)} onCreated={setSecret} /> : null}
    </div>
  );
}
