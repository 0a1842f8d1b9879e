"use client";

import { FlaskConical, Info, Play, Square } from "lucide-react";
import { useEffect, useRef, useState, type Ref } from "react";

import { preloadMarkdown } from "@/components/chat/markdown";
import { May } from "@/components/shell/may";
import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldTextarea } from "@/components/ui/form-controls";
import { Kbd } from "@/components/ui/kbd";
import { useT } from "@/lib/i18n";
import { modifierKey } from "@/lib/platform";

import { directionOf } from "./draft";
import { LaneCard } from "./lane-card";
import { ModelField } from "./model-field";
import type { TestState } from "./prompt-test";
import type { Testing } from "./use-prompt-test";

const MOST_VALUE = 4_000;
const MOST_INPUT = 200_000;

export interface TestPanelProps {
  testing: Testing;
  onRun: () => void;
  /** Where the values are typed. */
  fields: Ref<HTMLDivElement>;
}

function Values({ testing: { variables, values, setValues }, fields }: Pick<TestPanelProps, "testing" | "fields">) {
  const t = useT("prompts.test");
  if (!variables.length) return null;
  return (
    <div ref={fields} role="group" aria-label={t("values")} className="grid gap-3">
      <span aria-hidden="true" className="text-sm font-medium">{t("values")}</span>
      <div className="grid gap-3 rounded-lg bg-muted/60 p-3.5 sm:grid-cols-[repeat(auto-fit,minmax(min(100%,13rem),1fr))]">
        {variables.map((name) => (
          <Field key={name} label={<span dir="ltr" className="font-mono text-xs [overflow-wrap:anywhere]">{name}</span>}>
            <FieldTextarea
              dir={directionOf(values.values[name] ?? "")}
              rows={1}
              data-variable={name}
              maxLength={MOST_VALUE}
              value={values.values[name] ?? ""}
              placeholder={t("value_placeholder")}
              onChange={(event) => setValues({ values: { ...values.values, [name]: event.target.value } })}
              className="field-sizing-content max-h-48 min-h-9.5 resize-none py-1.5"
            />
          </Field>
        ))}
      </div>
    </div>
  );
}

function RunButton({ busy, canRun, onRun, onStop }: { busy: boolean; canRun: boolean; onRun: () => void; onStop: () => void }) {
  const t = useT("prompts.test");
  if (busy) return <Button variant="secondary" onClick={onStop} aria-keyshortcuts="Escape"><Square className="size-3.5! fill-current" />{t("stop")}<span aria-hidden="true" className="hidden sm:inline"><Kbd>Esc</Kbd></span></Button>;
  return (
    <Button onClick={onRun} disabled={!canRun} aria-keyshortcuts="Control+Enter Meta+Enter">
      <Play className="rtl:-scale-x-100" />
      {t("run")}
      <span aria-hidden="true" className="hidden gap-1 text-xs font-normal sm:flex">{modifierKey()} ↵</span>
    </Button>
  );
}

/** Says once, at the end, what a sighted reader sees. */
function useAnnouncement({ busy, lanes }: TestState): string {
  const t = useT("prompts.test");
  const [text, setText] = useState("");
  const was = useRef(busy);
  useEffect(() => {
    if (was.current === busy) return;
    was.current = busy;
    const done = lanes.filter(({ status }) => status === "done").length;
    setText(busy ? t("announce_running") : t("announce_done", { done, count: lanes.length }));
  }, [busy, lanes, t]);
  return text;
}

function Results({ testing: { state, outdated, retry }, onRun }: Pick<TestPanelProps, "testing" | "onRun">) {
  const t = useT("prompts.test");
  const announcement = useAnnouncement(state);
  const { lanes, refused } = state;
  return (
    <section aria-label={t("results")} className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3">
      <p role="status" className="sr-only">{announcement}</p>
      {refused ? <ErrorCard error={refused} title={t("refused")} onRetry={onRun} /> : null}
      {!refused && !lanes.length ? (
        <div className="grid place-items-center gap-2 rounded-xl border border-dashed px-6 py-12 text-center text-sm text-muted-foreground">
          <FlaskConical aria-hidden="true" className="size-6" />
          <p className="max-w-72">{t("no_results")}</p>
        </div>
      ) : null}
      {lanes.length && outdated && !state.busy ? <p className="flex items-center gap-2 text-[0.8125rem] text-muted-foreground"><Info aria-hidden="true" className="size-4 shrink-0" />{t("outdated")}</p> : null}
      <div className="grid min-w-0 grid-cols-[repeat(auto-fit,minmax(min(100%,16.5rem),1fr))] gap-3 empty:hidden">
        {lanes.map((lane, index) => <LaneCard key={lane.model} lane={lane} index={index} onRetry={retry} />)}
      </div>
    </section>
  );
}

/** Puts what stands in the editor to up to four models. */
export function TestPanel({ testing, onRun, fields }: TestPanelProps) {
  const t = useT("prompts.test");
  const tCore = useT("core");
  const { choices, models, values, setValues, state, canRun, stop } = testing;
  const { busy } = state;
  useEffect(() => {
    if (busy) preloadMarkdown();
  }, [busy]);
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-4">
      <Card className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4 p-5">
        <div>
          <h2 className="font-semibold">{t("title")}</h2>
          <p className="text-sm text-muted-foreground">{t("description")}</p>
        </div>
        <ModelField choices={choices} models={models} onChange={(next) => setValues({ models: next })} />
        <Values testing={testing} fields={fields} />
        <Field label={t("input")} hint={t("input_hint")}>
          <FieldTextarea dir={directionOf(values.input)} rows={2} maxLength={MOST_INPUT} value={values.input} placeholder={t("input_placeholder")} onChange={(event) => setValues({ input: event.target.value })} className="field-sizing-content max-h-72 min-h-16" />
        </Field>
        <May permission="ai:run" otherwise={<p className="text-[0.8125rem] text-muted-foreground">{tCore("may_not_run")}</p>}><div className="flex justify-end"><RunButton busy={state.busy} canRun={canRun} onRun={onRun} onStop={stop} /></div></May>
      </Card>
      <Results testing={testing} onRun={onRun} />
    </div>
  );
}
