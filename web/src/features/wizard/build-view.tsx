"use client";

import { ArrowRight, CircleAlert, Quote, RotateCw, Sparkles, Square, Undo2 } from "lucide-react";
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import { useWatch } from "react-hook-form";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { Spinner } from "@/components/ui/spinner";
import { cn } from "@/lib/cn";
import { ScreenMessages, useFormatter, useT } from "@/lib/i18n";

import start from "@/messages/en/start.json";

import type { AgentForm } from "./agent-form";
import { useWizard } from "./wizard-context";

function Caret() {
  return <span aria-hidden="true" className="ms-0.5 inline-block h-[1.1em] w-0.5 animate-pulse-soft rounded-full bg-primary align-text-bottom" />;
}

/** A field on its way: a skeleton first, then its text as it grows. */
function Piece({ path, label, children, lines = 1, caret = true }: { path: string; label: string; children: ReactNode; lines?: number; caret?: boolean }) {
  const { proposal } = useWizard();
  const growing = proposal.growing === path;
  const waiting = proposal.running === "all" && !growing && !proposal.filled.has(path);
  return (
    <div className="grid gap-1.5 px-5 py-4" aria-busy={waiting || growing || undefined}>
      <p className="text-xs font-medium text-muted-foreground">{label}</p>
      {waiting ? Array.from({ length: lines }, (_, line) => <Skeleton key={line} className={cn("h-4", line === lines - 1 ? "w-2/3" : "w-full")} />) : <div className="min-w-0 animate-fade">{children}{growing && caret ? <Caret /> : null}</div>}
    </div>
  );
}

/** A long text: while it grows, its end is what is shown. */
function Growing({ text, growing }: { text: string; growing: boolean }) {
  const box = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (growing && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text, growing]);
  return <p ref={box} dir="auto" className={cn("text-sm leading-relaxed whitespace-pre-wrap", growing && "max-h-72 overflow-hidden")}>{text}{growing ? <Caret /> : null}</p>;
}

function Pieces({ values: { name, description, config } }: { values: AgentForm }) {
  const t = useT("wizard");
  const tBuild = useT("start.build");
  const { proposal } = useWizard();
  const format = useFormatter();
  const nothing = <span className="text-sm text-muted-foreground">{t("review.unset")}</span>;
  const settings = [
    config.response_style ? t(`style.${config.response_style}`) : null,
    config.temperature === null ? null : tBuild("temperature", { value: format.number(config.temperature) }),
    config.response_format ? t(`format.${config.response_format}`) : null,
  ].filter((text) => text !== null);
  return (
    <Card className="divide-y">
      <Piece path="name" label={t("field.name")}><span dir="auto" className="text-lg font-semibold">{name}</span></Piece>
      <Piece path="description" label={t("field.description")}><span dir="auto" className="text-sm">{description || nothing}</span></Piece>
      <Piece path="config.persona" label={t("field.persona")} lines={2}><span dir="auto" className="text-sm whitespace-pre-wrap">{config.persona || nothing}</span></Piece>
      <Piece path="config.instructions" label={t("field.instructions")} lines={4} caret={false}><Growing text={config.instructions} growing={proposal.growing === "config.instructions"} /></Piece>
      <Piece path="config.response_style" label={tBuild("settings")}>
        {settings.length ? <span className="flex flex-wrap gap-1.5">{settings.map((text) => <Badge key={text} tone="primary">{text}</Badge>)}</span> : nothing}
      </Piece>
      <Piece path="config.greeting" label={t("field.greeting")}><span dir="auto" className="text-sm">{config.greeting || nothing}</span></Piece>
      <Piece path="config.suggested_questions" label={t("field.suggested_questions")} lines={2}>
        {config.suggested_questions.length ? <ul className="flex flex-wrap gap-1.5">{config.suggested_questions.map((question, index) => <li key={index} dir="auto" className="rounded-xl border bg-card px-3 py-1.5 text-sm">{question}</li>)}</ul> : nothing}
      </Piece>
      <Piece path="config.variables" label={t("variable.title")}>
        {config.variables.length ? <span className="flex flex-wrap gap-1.5">{config.variables.map(({ name: own }, index) => <Badge key={index} className="font-mono">{own}</Badge>)}</span> : nothing}
      </Piece>
    </Card>
  );
}

function isBlank({ name, description, config: { persona, instructions } }: AgentForm): boolean {
  return [name, description, persona, instructions].every((text) => text === "");
}

function Building({ onContinue }: { onContinue: () => void }) {
  const t = useT("start.build");
  const tCore = useT("core.error");
  const { form, proposal, sentence } = useWizard();
  const values = useWatch({ control: form.control }) as AgentForm;
  const heading = useRef<HTMLHeadingElement>(null);
  const writing = proposal.running === "all";
  // It begins a moment after it is first shown, and is not ready before.
  const running = writing || (proposal.outcome === null && isBlank(values) && proposal.describe() !== null);
  const failed = proposal.failed === "all" && proposal.error !== null;
  // Before it is shown: a moment later it would take the focus away from who has gone on already.
  useLayoutEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, [running]);
  const title = running ? t("writing") : t(proposal.outcome === "stopped" ? "stopped" : failed ? "failed" : "ready");

  return (
    <section aria-labelledby="build-title" className="grid gap-6">
      <header className="grid gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h2 id="build-title" ref={heading} tabIndex={-1} className="flex items-center gap-2.5 text-xl font-semibold outline-none">
            {running ? <Spinner className="size-5 text-primary" /> : failed ? <CircleAlert aria-hidden="true" className="size-5 text-destructive" /> : <Sparkles aria-hidden="true" className="size-5 text-primary" />}
            {title}
          </h2>
          {running ? <Button variant="secondary" size="sm" onClick={proposal.stop}><Square className="fill-current" />{t("stop")}</Button> : null}
        </div>
        <p dir="auto" className="flex gap-2 text-sm text-muted-foreground"><Quote aria-hidden="true" className="mt-0.5 size-4 shrink-0" />{sentence}</p>
        {proposal.model ? <p className="text-xs text-muted-foreground">{t("by", { model: proposal.model })}</p> : null}
        <p role="status" className="sr-only">{title}</p>
      </header>
      {failed ? (
        <p role="alert" className="rounded-xl bg-destructive-soft px-4 py-3 text-sm text-destructive">{proposal.error?.offline ? tCore("offline") : proposal.error?.message}</p>
      ) : null}
      {writing || !isBlank(values) ? <Pieces values={values} /> : null}
      {running ? null : (
        <div className="flex flex-wrap items-center justify-between gap-3">
          <span className="flex flex-wrap gap-2">
            <Button variant="ghost" onClick={() => void proposal.start("all")}><RotateCw />{t("again")}</Button>
            {proposal.undoable.has("all") ? <Button variant="ghost" onClick={() => proposal.undo("all")}><Undo2 className="rtl:-scale-x-100" />{t("undo")}</Button> : null}
          </span>
          <Button onClick={onContinue}>{failed ? t("by_hand") : t("continue")}<ArrowRight className="rtl:-scale-x-100" /></Button>
        </div>
      )}
    </section>
  );
}

const ENGLISH = { start };

/** The agent as it is written from the sentence: each field appears as the model says it. */
export function BuildView(props: { onContinue: () => void }) {
  return <ScreenMessages english={ENGLISH}><Building {...props} /></ScreenMessages>;
}
