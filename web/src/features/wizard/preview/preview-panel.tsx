"use client";

import { Bot, Columns2, RefreshCw, SlidersHorizontal, SquarePen } from "lucide-react";
import { lazy, Suspense, useDeferredValue, useId, useState, type ReactNode } from "react";
import { useWatch } from "react-hook-form";

import { ChatPanel } from "@/components/chat/chat-panel";
import { Markdown } from "@/components/chat/markdown";
import { Welcome } from "@/components/chat/welcome";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Tooltip } from "@/components/ui/tooltip";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { formToConfig, type AgentForm, type VariableForm } from "../agent-form";
import { directionOf } from "../fields/text-direction";
import { useWizard } from "../wizard-context";
import { lacking } from "./test-values";
import type { Preview } from "./use-preview";

const CompareDialog = lazy(() => import("./compare-dialog").then((module) => ({ default: module.CompareDialog })));

const INPUT_MAX = 200_000;

function TestValue({ variable, value, onChange }: { variable: VariableForm; value: string; onChange: (value: string) => void }) {
  const t = useT("wizard.preview");
  const name = variable.name.trim();
  return (
    <Field label={<span className="font-mono text-xs">{name}</span>} aside={variable.required && variable.default === "" ? t("required") : undefined} hint={variable.description || undefined}>
      {variable.type === "boolean" ? (
        <FieldSelect value={value} onChange={(event) => onChange(event.target.value)}>
          <option value="">{variable.default || t("value_unset")}</option>
          <option value="true">true</option>
          <option value="false">false</option>
        </FieldSelect>
      ) : (
        <FieldInput dir={directionOf(value)} inputMode={variable.type === "number" ? "decimal" : undefined} value={value} placeholder={variable.default || t("value_unset")} onChange={(event) => onChange(event.target.value)} />
      )}
    </Field>
  );
}

function ToolButton({ label, onClick, pressed, disabled = false, mark = false, children }: {
  label: string;
  onClick: () => void;
  pressed?: boolean;
  disabled?: boolean;
  /** A dot: something is wanted here. */
  mark?: boolean;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <Button variant={pressed ? "soft" : "ghost"} size="icon-sm" className="relative" aria-label={label} aria-expanded={pressed} aria-disabled={disabled || undefined} onClick={() => { if (!disabled) onClick(); }}>
        {children}
        {mark ? <span aria-hidden="true" className="absolute inset-e-1 top-1 size-2 rounded-full bg-warning" /> : null}
      </Button>
    </Tooltip>
  );
}

/** Says that the last answer was given by another configuration than the one on the screen. */
function ChangedNote({ preview, values }: { preview: Preview; values: AgentForm }) {
  const t = useT("wizard.preview");
  const { chat, answeredWith } = preview;
  const answer = chat.turns.findLast(({ turn }) => turn.role === "assistant")?.turn;
  if (chat.busy || !answer || answeredWith === null || JSON.stringify(formToConfig(values)) === answeredWith) return null;
  return (
    <span className="inline-flex flex-wrap items-center justify-center gap-x-2">
      {t("changed")}
      <button type="button" className="inline-flex items-center gap-1 rounded font-medium text-primary hover:underline" onClick={() => chat.regenerate(answer.id)}>
        <RefreshCw aria-hidden="true" className="size-3" />{t("ask_again")}
      </button>
    </span>
  );
}

function Greeting({ text }: { text: string }) {
  return <div className="rounded-2xl border border-dashed px-4 py-3 text-sm"><Markdown text={text} /></div>;
}

/** A conversation with the agent as it stands in the form. */
export function PreviewPanel({ preview, heading = true, className }: { preview: Preview; heading?: boolean; className?: string }) {
  const t = useT("wizard.preview");
  const { form } = useWizard();
  const { chat, values, setValue, restart } = preview;
  const agent = useDeferredValue(useWatch({ control: form.control }) as AgentForm);
  const [valuesOpen, setValuesOpen] = useState<boolean | null>(null);
  const [compare, setCompare] = useState<"never" | "open" | "closed">("never");
  const valuesId = useId();
  const variables = agent.config.variables.filter(({ name }, index, all) => name.trim() !== "" && all.findIndex((other) => other.name.trim() === name.trim()) === index);
  const wanted = lacking(variables, values);
  const showValues = variables.length > 0 && (valuesOpen ?? wanted.length > 0);
  const name = agent.name.trim() || t("unnamed");
  const greeting = agent.config.greeting.trim();

  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <div className="flex min-h-12 items-center justify-between gap-2 border-b px-4 py-1.5">
        {heading ? <h2 className="text-sm font-semibold">{t("title")}</h2> : <span />}
        <div className="flex items-center gap-0.5">
          {variables.length ? <ToolButton label={t("values")} pressed={showValues} mark={wanted.length > 0 && !showValues} onClick={() => setValuesOpen(!showValues)}><SlidersHorizontal /></ToolButton> : null}
          <ToolButton label={t("compare")} onClick={() => setCompare("open")}><Columns2 /></ToolButton>
          <ToolButton label={t("restart")} disabled={chat.turns.length === 0} onClick={restart}><SquarePen /></ToolButton>
        </div>
      </div>
      {showValues ? (
        <section id={valuesId} aria-label={t("values")} className="grid max-h-[40%] gap-3 overflow-y-auto border-b bg-muted/40 p-4">
          <p className="text-xs text-muted-foreground">{t("values_hint")}</p>
          {variables.map((variable) => <TestValue key={variable.name} variable={variable} value={values[variable.name.trim()] ?? ""} onChange={(value) => setValue(variable.name.trim(), value)} />)}
        </section>
      ) : null}
      <ChatPanel
        className="flex-1"
        chat={chat}
        name={name}
        maxLength={INPUT_MAX}
        placeholder={t("placeholder", { name })}
        before={greeting && chat.turns.length > 0 ? <Greeting text={greeting} /> : undefined}
        empty={(
          <Welcome
            icon={<span className="grid size-12 place-items-center rounded-2xl bg-primary-soft text-primary-soft-foreground"><Bot aria-hidden="true" className="size-6" /></span>}
            title={name}
            greeting={greeting || t("no_greeting")}
            suggestions={[...new Set(agent.config.suggested_questions.map((question) => question.trim()).filter(Boolean))]}
            onPick={chat.send}
          />
        )}
        footer={<ChangedNote preview={preview} values={agent} />}
      />
      {compare === "never" ? null : (
        <Suspense>
          <CompareDialog open={compare === "open"} onOpenChange={(open) => setCompare(open ? "open" : "closed")} values={values} />
        </Suspense>
      )}
    </div>
  );
}
