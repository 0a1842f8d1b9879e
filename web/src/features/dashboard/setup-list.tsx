"use client";

import { Bot, Check, CircleAlert, CircleCheck, MessageCircle, RotateCw, X } from "lucide-react";
import { useState, type ReactNode } from "react";

import { ErrorHelp } from "@/components/runs/error-help";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { useSession } from "@/lib/api/session";
import type { Dashboard, Provider } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { SETUP_STEPS, setupOf, type SetupStep } from "./figures";

/** What a key looks like, so that nobody pastes the wrong thing. */
const KEYS = [
  { provider: "OpenAI", setting: "OPENAI_API_KEY", example: "sk-..." },
  { provider: "Anthropic", setting: "ANTHROPIC_API_KEY", example: "sk-ant-..." },
] as const;

type KeyProvider = (typeof KEYS)[number]["provider"];

function AddKey({ onCheck, checking }: { onCheck: () => void; checking: boolean }) {
  const t = useT("dashboard.setup.key");
  const tCore = useT("core");
  const { data: user } = useSession();
  const [provider, setProvider] = useState<KeyProvider>("OpenAI");
  const [checked, setChecked] = useState(false);
  const { setting, example } = KEYS.find((key) => key.provider === provider) ?? KEYS[0];
  const command = `${setting}=${example} make run`;
  const check = () => {
    setChecked(true);
    onCheck();
  };
  if (user?.role !== "admin") return <p>{t("other")}</p>;
  return (
    <div className="grid gap-3">
      <p>{t("body")}</p>
      <Segmented<KeyProvider> className="w-fit" label={t("provider")} value={provider} onChange={setProvider} options={KEYS.map((key) => ({ value: key.provider, label: key.provider }))} />
      <div className="flex items-center justify-between gap-2 rounded-lg border bg-muted ps-3.5 pe-1">
        <code dir="ltr" className="min-w-0 overflow-x-auto py-2 font-mono text-[0.8125rem] whitespace-nowrap text-foreground">{command}</code>
        <CopyButton text={command} label={t("copy")} copiedLabel={tCore("copied")} />
      </div>
      <p className="text-[0.8125rem]">{t("or_file")}</p>
      <div className="flex flex-wrap items-center gap-3">
        <Button size="sm" variant="secondary" busy={checking} onClick={check}>{checking ? null : <RotateCw />}{t("check")}</Button>
        <span role="status" className="text-[0.8125rem]">{checked && !checking ? t("still_missing") : ""}</span>
      </div>
    </div>
  );
}

function TestProvider({ provider }: { provider: Provider }) {
  const t = useT("dashboard.setup.test");
  const { duration } = useFormat();
  const test = $api.useMutation("post", "/v1/providers/{provider}/test");
  const outcome = test.data;
  const refusal = test.error ? toApiError(test.error) : null;
  const code = outcome?.error?.code ?? refusal?.code ?? null;
  return (
    <div className={cn("grid gap-2.5", outcome?.error && "w-full")}>
      <div className="flex flex-wrap items-center gap-3">
        <Button size="sm" variant="secondary" busy={test.isPending} onClick={() => test.mutate({ params: { path: { provider: provider.id } }, body: {} })}>{t("action", { provider: provider.title })}</Button>
        <span role="status" className="flex items-center gap-1.5 text-[0.8125rem]">
          {outcome?.ok ? <><CircleCheck aria-hidden="true" className="size-4 text-success" />{t("ok", { model: outcome.model, time: duration(outcome.latency_ms) })}</> : null}
          {outcome && !outcome.ok ? <span className="flex items-center gap-1.5 text-destructive"><CircleAlert aria-hidden="true" className="size-4" />{t("failed", { model: outcome.model })}</span> : null}
          {refusal ? <span className="text-destructive">{refusal.message}</span> : null}
        </span>
      </div>
      {outcome?.error ? (
        <div className="grid gap-3 rounded-lg bg-destructive-soft/60 p-4 text-foreground">
          <ErrorHelp code={code} />
          <p dir="auto" className="font-mono text-xs [overflow-wrap:anywhere]">{outcome.error.message}</p>
        </div>
      ) : null}
    </div>
  );
}

function TestKey({ hasKey }: { hasKey: boolean }) {
  const t = useT("dashboard.setup.test");
  const { data, isPending } = $api.useQuery("get", "/v1/providers", {}, { enabled: hasKey });
  if (!hasKey) return <p>{t("wait")}</p>;
  const providers = (data?.data ?? []).filter(({ configured, offline }) => configured && !offline);
  return (
    <div className="grid gap-3">
      <p>{t("body")}</p>
      <div className="flex flex-wrap items-start gap-x-2 gap-y-3">
        {isPending ? <Skeleton className="h-8 w-32" /> : null}
        {providers.map((provider) => <TestProvider key={provider.id} provider={provider} />)}
      </div>
    </div>
  );
}

function CreateAgent() {
  const t = useT("dashboard.setup.agent");
  const { data } = $api.useQuery("get", "/v1/agents", { params: { query: { status: "draft", limit: 1, sort: "-updated_at" } } });
  const draft = data?.data[0];
  return (
    <div className="grid gap-3">
      <p>{t("body")}</p>
      <div className="flex flex-wrap gap-2">
        {draft ? <Button asChild size="sm"><Link href={`/agents/${draft.id}/edit`}>{t("resume")}</Link></Button> : null}
        <Button asChild size="sm" variant={draft ? "secondary" : "primary"}><Link href="/agents/new"><Bot aria-hidden="true" />{t("action")}</Link></Button>
      </div>
    </div>
  );
}

function CallAgent({ hasAgent }: { hasAgent: boolean }) {
  const t = useT("dashboard.setup.call");
  const { data, isPending } = $api.useQuery("get", "/v1/agents", { params: { query: { status: "published", limit: 1, sort: "-updated_at" } } }, { enabled: hasAgent });
  const agent = data?.data[0];
  if (!hasAgent) return <p>{t("wait")}</p>;
  return (
    <div className="grid gap-3">
      <p>{t("body")}</p>
      {isPending ? <Skeleton className="h-8 w-40" /> : null}
      {agent ? <Button asChild size="sm" className="w-fit"><Link href={`/agents/${agent.id}`}><MessageCircle aria-hidden="true" />{t("action")}</Link></Button> : null}
    </div>
  );
}

function Step({ name, number, done, open, children }: { name: SetupStep; number: number; done: boolean; open: boolean; children: ReactNode }) {
  const t = useT("dashboard.setup");
  return (
    <li aria-current={open ? "step" : undefined} className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3.5 border-t px-5 py-3.5">
      <span aria-hidden="true" className={cn("grid size-6 place-items-center rounded-full text-xs font-semibold tabular-nums", done ? "bg-success-soft text-success" : open ? "bg-primary text-primary-foreground" : "border text-muted-foreground")}>
        {done ? <Check className="size-3.5" strokeWidth={3} /> : number}
      </span>
      <div className="grid min-w-0 gap-2.5 text-sm text-muted-foreground">
        <h3 className={cn("leading-6 font-medium", done ? "text-muted-foreground" : "text-foreground")}>
          {t(`${name}.title`)}
          <span className="sr-only"> ({t(done ? "done" : "to_do")})</span>
        </h3>
        {done ? null : open ? children : null}
      </div>
    </li>
  );
}

function StepBody({ step, setup, onCheck, checking }: { step: SetupStep; setup: Dashboard["setup"]; onCheck: () => void; checking: boolean }) {
  switch (step) {
    case "key":
      return <AddKey onCheck={onCheck} checking={checking} />;
    case "test":
      return <TestKey hasKey={setup.model_key} />;
    case "agent":
      return <CreateAgent />;
    case "call":
      return <CallAgent hasAgent={setup.agent_created} />;
  }
}

/** The way from an empty server to the first answer. */
export function SetupList({ setup, onCheck, checking }: { setup: Dashboard["setup"]; onCheck: () => void; checking: boolean }) {
  const t = useT("dashboard.setup");
  const setHidden = useUi((state) => state.setSetupHidden);
  const { done, count, next } = setupOf(setup);
  const total = SETUP_STEPS.length;
  return (
    <Card role="region" aria-label={t("title")} className="mb-5 overflow-hidden">
      <div className="flex items-center justify-between gap-4 px-5 py-3.5">
        <h2 className="text-[0.9375rem] font-semibold">{t("title")}</h2>
        <div className="flex items-center gap-3">
          <span className="text-[0.8125rem] text-muted-foreground tabular-nums">{t("progress", { done: count, total })}</span>
          <span aria-hidden="true" className="hidden h-1.5 w-28 overflow-hidden rounded-full bg-muted sm:block"><span className="block h-full rounded-full bg-success transition-[width]" style={{ width: `${(count / total) * 100}%` }} /></span>
          <Button size="icon-sm" variant="ghost" className="-me-2" aria-label={t("dismiss")} title={t("dismiss")} onClick={() => setHidden(true)}><X /></Button>
        </div>
      </div>
      <ol>
        {SETUP_STEPS.map((step, i) => (
          <Step key={step} name={step} number={i + 1} done={done[step]} open={next === step}>
            <StepBody step={step} setup={setup} onCheck={onCheck} checking={checking} />
          </Step>
        ))}
      </ol>
    </Card>
  );
}
