"use client";

import { Braces, BriefcaseBusiness, CircleDashed, Gauge, ListTree, PartyPopper, PenLine, Smile } from "lucide-react";
import { useRef } from "react";
import { useController, useWatch } from "react-hook-form";

import { PromptEditor, type PromptEditorHandle } from "@/components/editor/prompt-editor";
import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { RESPONSE_STYLES, type ResponseStyle } from "../agent-form";
import { ChoiceCards, type Choice } from "@/components/ui/choice-cards";
import { Counter } from "../fields/counter";
import { FormField } from "../fields/form-field";
import { PromptPicker } from "../fields/prompt-picker";
import { Redo, RedoFailure, useBeingWritten } from "../fields/redo";
import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { FieldGroup, StepFrame } from "./step-frame";

/** Names that can be put into the text with a click. */
function InsertVariables({ names, onInsert }: { names: readonly string[]; onInsert: (name: string) => void }) {
  const t = useT("wizard.instructions");
  if (!names.length) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5 text-xs text-muted-foreground">
      <Braces aria-hidden="true" className="size-3.5" />
      <span>{t("insert")}</span>
      {names.map((name) => (
        <Button key={name} variant="secondary" size="sm" className="h-6.5 px-2 font-mono text-xs" aria-label={t("insert_label", { name })} onClick={() => onInsert(name)}>{name}</Button>
      ))}
    </div>
  );
}

function InstructionsField() {
  const t = useT("wizard.field");
  const { form, saver } = useWizard();
  const { field } = useController({ control: form.control, name: "config.instructions" });
  const variables = useWatch({ control: form.control, name: "config.variables" });
  const editor = useRef<PromptEditorHandle>(null);
  const written = useBeingWritten("instructions");
  const names = variables.map(({ name }) => name.trim()).filter(Boolean);
  return (
    <div className="grid gap-2">
      <FormField
        path="config.instructions"
        label={t("instructions")}
        redo="instructions"
        empty={field.value.trim() === ""}
        aside={<Counter length={field.value.length} max={LIMITS.instructions} />}
      >
        <PromptEditor
          ref={editor}
          value={field.value}
          onChange={field.onChange}
          label={t("instructions")}
          variables={names}
          placeholder={t("instructions_placeholder")}
          readOnly={written}
          onSave={() => void saver.flush()}
          className={cn("max-h-[34rem] min-h-72", written && "border-primary/60 outline-2 outline-primary/20")}
        />
      </FormField>
      <InsertVariables names={names} onInsert={(name) => editor.current?.insertVariable(name)} />
    </div>
  );
}

const STYLE_ICONS = { formal: BriefcaseBusiness, friendly: Smile, concise: Gauge, detailed: ListTree, playful: PartyPopper, custom: PenLine } as const;

function StyleField() {
  const t = useT("wizard.style");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.response_style" });
  const choices: Choice<ResponseStyle | "">[] = [
    { value: "", label: t("none"), hint: t("none_hint"), icon: CircleDashed },
    ...RESPONSE_STYLES.map((value) => ({ value, label: t(value), hint: t(`${value}_hint`), icon: STYLE_ICONS[value] })),
  ];
  return (
    <div data-field="config.response_style" className="grid gap-2">
      <div className="flex min-h-7 items-baseline justify-between gap-3">
        <span className="text-sm font-medium">{t("label")}</span>
        <Redo field="response_style" name={t("label")} empty={field.value === ""} />
      </div>
      <ChoiceCards label={t("label")} value={field.value} choices={choices} onChange={field.onChange} onBlur={field.onBlur} />
      <RedoFailure field="response_style" />
    </div>
  );
}

export function InstructionsStep() {
  return (
    <StepFrame>
      <FieldGroup>
        <InstructionsField />
        <PromptPicker />
        <StyleField />
      </FieldGroup>
    </StepFrame>
  );
}
