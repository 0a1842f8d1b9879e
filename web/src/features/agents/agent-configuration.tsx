"use client";

import type { ReactNode } from "react";

import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import type { Agent, AgentConfig } from "@/lib/api/schema";
import { useFormatter, useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { modelOf } from "./agent-badges";
import { configOf } from "./config-of";

function Text({ children }: { children: string }) {
  return <p dir="auto" className="max-h-96 overflow-y-auto rounded-lg bg-muted/60 px-4 py-3 text-sm leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]">{children}</p>;
}

function Chips({ items }: { items: readonly string[] }) {
  return <span className="flex flex-wrap gap-1.5">{items.map((item) => <Badge key={item} className="whitespace-normal">{item}</Badge>)}</span>;
}

function Entry({ label, children }: { label: string; children: ReactNode }) {
  const t = useT("agents.configuration");
  return (
    <div className="grid gap-1.5">
      <dt className="text-xs font-medium text-muted-foreground">{label}</dt>
      <dd className="text-sm break-words">{children || <span className="text-muted-foreground">{t("unset")}</span>}</dd>
    </div>
  );
}

function Texts({ config }: { config: AgentConfig }) {
  const t = useT("agents.configuration");
  return (
    <Card className="min-w-0 p-5">
      <dl className="grid gap-5">
        <Entry label={t("instructions")}>{config.instructions ? <Text>{config.instructions}</Text> : null}</Entry>
        {config.persona ? <Entry label={t("persona")}><Text>{config.persona}</Text></Entry> : null}
        {config.greeting ? <Entry label={t("greeting")}><Text>{config.greeting}</Text></Entry> : null}
        {config.suggested_questions?.length ? <Entry label={t("questions")}><Chips items={config.suggested_questions} /></Entry> : null}
        {config.variables?.length ? <Entry label={t("variables")}><Chips items={config.variables.map(({ name }) => `{{${name}}}`)} /></Entry> : null}
      </dl>
    </Card>
  );
}

const DEFAULT_TURNS = 10;

function Settings({ config }: { config: AgentConfig }) {
  const t = useT("agents.configuration");
  const tAgents = useT("agents");
  const format = useFormatter();
  return (
    <Card className="p-5">
      <dl className="grid gap-4">
        <Entry label={t("model")}>{modelOf(config) ?? tAgents("default_model")}</Entry>
        <Entry label={t("temperature")}>{config.temperature === undefined ? null : format.number(config.temperature)}</Entry>
        <Entry label={t("max_tokens")}>{config.max_tokens ? t("tokens", { count: config.max_tokens }) : null}</Entry>
        <Entry label={t("style")}>{config.response_style ? t(`styles.${config.response_style}`) : null}</Entry>
        <Entry label={t("format")}>{config.response_format ? t(`formats.${config.response_format}`) : null}</Entry>
        <Entry label={t("language")}>{config.language ?? t("language_default")}</Entry>
        <Entry label={t("memory")}>{t("memory_turns", { count: config.memory?.history_turns ?? DEFAULT_TURNS })}</Entry>
        <Entry label={t("timeout")}>{config.limits?.timeout_s ? t("seconds", { count: config.limits.timeout_s }) : null}</Entry>
        {config.fallback_models?.length ? <Entry label={t("fallbacks")}><Chips items={config.fallback_models} /></Entry> : null}
        {config.prompt_id ? <Entry label={t("prompt")}><Link className="text-primary hover:underline" href={`/prompts/${config.prompt_id}`}>{t("prompt_link")}</Link></Entry> : null}
      </dl>
    </Card>
  );
}

/** What callers get, or, of an agent never published, what stands in its draft. */
export function AgentConfiguration({ agent }: { agent: Agent }) {
  const stored = agent.status === "draft" ? (agent.draft?.config ?? {}) : agent.config;
  const config = configOf(stored);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,1fr)_18rem]">
      <Texts config={config} />
      <Settings config={config} />
    </div>
  );
}
