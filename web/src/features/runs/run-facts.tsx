"use client";

import type { ReactNode } from "react";

import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollRegion } from "@/components/ui/scroll-region";
import type { Run } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { TimingBar } from "./timing-bar";

const FINISH = ["stop", "length", "content_filter", "tool_calls"] as const;

function Section({ title, children, aside }: { title: string; children: ReactNode; aside?: ReactNode }) {
  return (
    <section className="grid grid-cols-[minmax(0,1fr)] gap-3 px-5 py-4">
      <div className="flex items-center justify-between gap-2"><h2 className="text-[0.8125rem] font-semibold">{title}</h2>{aside}</div>
      {children}
    </section>
  );
}

function Fact({ name, children, className }: { name: string; children: ReactNode; className?: string }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="shrink-0 text-muted-foreground">{name}</dt>
      <dd className={cn("min-w-0 text-end [overflow-wrap:anywhere]", className)}>{children}</dd>
    </div>
  );
}

function IdFact({ name, id, copyLabel }: { name: string; id: string; copyLabel: string }) {
  const tCore = useT("core");
  return (
    <div className="flex items-center justify-between gap-4">
      <dt className="shrink-0 text-muted-foreground">{name}</dt>
      <dd className="flex min-w-0 items-center gap-1">
        <bdi dir="ltr" title={id} className="truncate font-mono text-xs">{id}</bdi>
        <CopyButton text={id} label={copyLabel} copiedLabel={tCore("copied")} className="-my-1 -me-2 size-7" />
      </dd>
    </div>
  );
}

function Tokens({ run }: { run: Run }) {
  const t = useT("runs.detail");
  const { number } = useFormat();
  if (run.input_tokens === null && run.output_tokens === null) {
    return <p className="text-sm text-muted-foreground">{run.status === "running" ? "–" : t("not_counted")}</p>;
  }
  return (
    <dl className="grid grid-cols-[minmax(0,1fr)] gap-1.5 text-sm tabular-nums">
      <Fact name={t("input_tokens")}>{number(run.input_tokens)}</Fact>
      <Fact name={t("output_tokens")}>{number(run.output_tokens)}</Fact>
      <Fact name={t("total_tokens")} className="font-medium">{number((run.input_tokens ?? 0) + (run.output_tokens ?? 0))}</Fact>
    </dl>
  );
}

function AgentFact({ run }: { run: Run }) {
  const t = useT("runs");
  if (run.agent_id === null) return <>{t("no_agent")}</>;
  if (run.agent_name === null) return <span className="text-muted-foreground">{t("deleted_agent")}</span>;
  return (
    <>
      <Link href={`/agents/${run.agent_id}`} className="font-medium text-primary hover:underline"><bdi>{run.agent_name}</bdi></Link>
      {run.agent_version === null ? null : <span className="ms-1.5 text-muted-foreground tabular-nums">{t("version", { version: run.agent_version })}</span>}
    </>
  );
}

function FinishReason({ reason }: { reason: string }) {
  const t = useT("runs.detail.finish");
  const known = FINISH.find((name) => name === reason);
  return <>{known ? t(known) : <code className="text-xs">{reason}</code>}</>;
}

function Facts({ run }: { run: Run }) {
  const t = useT("runs");
  const { exact } = useFormat();
  return (
    <dl className="grid grid-cols-[minmax(0,1fr)] gap-2 text-sm">
      <Fact name={t("detail.agent")}><AgentFact run={run} /></Fact>
      <Fact name={t("detail.model")}><bdi dir="ltr">{run.model}</bdi></Fact>
      <Fact name={t("detail.provider")}><bdi dir="ltr">{run.provider}</bdi></Fact>
      <Fact name={t("detail.kind")}>{t(`kind.${run.kind}`)}</Fact>
      <Fact name={t("detail.started")} className="tabular-nums">{exact(run.created_at)}</Fact>
      {run.finished_at ? <Fact name={t("detail.finished_at")} className="tabular-nums">{exact(run.finished_at)}</Fact> : null}
      {run.finish_reason ? <Fact name={t("detail.finish_reason")}><FinishReason reason={run.finish_reason} /></Fact> : null}
      {run.cached ? <Fact name={t("detail.answer")}>{t("cached")}</Fact> : null}
      <IdFact name={t("detail.id")} id={run.id} copyLabel={t("detail.copy_id")} />
      {run.conversation_id ? <IdFact name={t("detail.conversation")} id={run.conversation_id} copyLabel={t("detail.copy_conversation")} /> : null}
    </dl>
  );
}

function Metadata({ value }: { value: NonNullable<Run["metadata"]> }) {
  const t = useT("runs.detail");
  const tCore = useT("core");
  const text = JSON.stringify(value, null, 2);
  return (
    <Section title={t("metadata")} aside={<CopyButton text={text} label={t("copy_metadata")} copiedLabel={tCore("copied")} className="-my-1 -me-2 size-7" />}>
      <ScrollRegion label={t("metadata")} dir="ltr" className="max-h-72 rounded-lg bg-muted p-3">
        <pre className="font-mono text-xs leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</pre>
      </ScrollRegion>
    </Section>
  );
}

/** Everything about a run that is not its texts. */
export function RunFacts({ run }: { run: Run }) {
  const t = useT("runs");
  const hasMetadata = run.metadata !== null && Object.keys(run.metadata).length > 0;
  return (
    <Card className="divide-y">
      <Section title={t("timing.title")}><TimingBar run={run} /></Section>
      <Section title={t("detail.tokens")}><Tokens run={run} /></Section>
      <Section title={t("detail.facts")}><Facts run={run} /></Section>
      {hasMetadata && run.metadata ? <Metadata value={run.metadata} /> : null}
    </Card>
  );
}
