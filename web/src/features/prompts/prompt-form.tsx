"use client";

import { useMemo, type Ref } from "react";

import { PromptEditor, type PromptEditorHandle } from "@/components/editor/prompt-editor";
import { variableNames } from "@/components/editor/variables";
import { Card } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import type { Finding } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormatter, useT } from "@/lib/i18n";

import { LIMITS, directionOf, lengthOf, type DraftMistakes, type PromptDraft } from "./draft";
import { CategoryField, TagsField } from "./filing-fields";
import { Findings } from "./findings";
import { estimateTokens } from "./tokens";

/** From this share of the limit on, the limit is told. */
const NEARLY = 0.9;

function TextFigures({ text }: { text: string }) {
  const t = useT("prompts.editor");
  const format = useFormatter();
  const characters = useMemo(() => lengthOf(text), [text]);
  const tokens = useMemo(() => estimateTokens(text), [text]);
  const over = characters > LIMITS.text;
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-xs text-muted-foreground tabular-nums">
      <span className={cn(over && "font-medium text-destructive")}>
        {characters > LIMITS.text * NEARLY ? t("characters_of", { count: characters, most: LIMITS.text }) : t("characters", { count: characters })}
      </span>
      <span title={t("tokens_hint")}>{t("tokens", { tokens: format.number(tokens) })}</span>
    </div>
  );
}

function VariableChips({ names, onPick }: { names: readonly string[]; onPick: (name: string) => void }) {
  const t = useT("prompts.editor");
  if (!names.length) return <p className="text-[0.8125rem] text-muted-foreground">{t("no_variables", { example: "{{name}}" })}</p>;
  return (
    <div role="group" aria-label={t("variables")} className="flex flex-wrap items-center gap-1.5">
      <span className="me-1 text-xs text-muted-foreground">{t("variable_count", { count: names.length })}</span>
      {names.map((name) => (
        <button
          key={name}
          type="button"
          dir="ltr"
          title={t("give_value", { name })}
          aria-label={t("give_value", { name })}
          onClick={() => onPick(name)}
          className="max-w-full truncate rounded-md bg-primary-soft px-2 py-1 font-mono text-xs text-primary-soft-foreground transition-colors hover:bg-primary-soft/70"
        >
          {`{{${name}}}`}
        </button>
      ))}
    </div>
  );
}

export interface PromptFormProps {
  /** Whoever may not change prompts reads this one. */
  readOnly: boolean;
  draft: PromptDraft;
  mistakes: DraftMistakes;
  onChange: (change: Partial<PromptDraft>) => void;
  onSave: () => void;
  onRun: () => void;
  /** A variable was pointed at: its test value is to be typed. */
  onVariable: (name: string) => void;
  findings: readonly Finding[];
  outdated: boolean;
  editor: Ref<PromptEditorHandle>;
}

/** The prompt itself and how it is filed. */
export function PromptForm({ readOnly, draft, mistakes, onChange, onSave, onRun, onVariable, findings, outdated, editor }: PromptFormProps) {
  const t = useT("prompts.field");
  const tCore = useT("core");
  const names = useMemo(() => variableNames(draft.text), [draft.text]);
  return (
    <Card className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4 p-5">
      {readOnly ? <p className="rounded-lg bg-muted px-3.5 py-2.5 text-sm">{tCore("may_not_write")}</p> : null}
      <fieldset disabled={readOnly} className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4">
        <Field label={t("name")} error={mistakes.name}>
          <FieldInput dir={directionOf(draft.name)} value={draft.name} maxLength={LIMITS.name} placeholder={t("name_placeholder")} autoComplete="off" onChange={(event) => onChange({ name: event.target.value })} />
        </Field>
        <div className="grid grid-cols-[minmax(0,1fr)] gap-4 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
          <CategoryField value={draft.category} onChange={(category) => onChange({ category })} error={mistakes.category} />
          <TagsField tags={draft.tags} onChange={(tags) => onChange({ tags })} error={mistakes.tags} />
        </div>
      </fieldset>
      <div className="grid gap-2">
        <Field label={t("text")} error={mistakes.text}>
          <PromptEditor
            ref={editor}
            value={draft.text}
            onChange={(text) => onChange({ text })}
            label={t("text")}
            readOnly={readOnly}
            placeholder={t("text_placeholder", { example: "{{name}}" })}
            onSave={onSave}
            onSubmit={onRun}
            className="max-h-[60vh] min-h-72"
          />
        </Field>
        <TextFigures text={draft.text} />
      </div>
      <VariableChips names={names} onPick={onVariable} />
      <Findings findings={findings} outdated={outdated} />
    </Card>
  );
}
