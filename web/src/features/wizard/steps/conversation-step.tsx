"use client";

import { useWatch } from "react-hook-form";

import { useT } from "@/lib/i18n";

import { TextAreaField } from "../fields/form-field";
import { NumberField } from "../fields/number-fields";
import { Redo, RedoFailure, useBeingWritten } from "../fields/redo";
import { TextList } from "../fields/text-list";
import { VariableList } from "../fields/variable-list";
import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { FieldGroup, StepFrame } from "./step-frame";

function Questions() {
  const t = useT("wizard");
  const { form } = useWizard();
  const questions = useWatch({ control: form.control, name: "config.suggested_questions" });
  const written = useBeingWritten("suggested_questions");
  return (
    <div className="grid gap-1.5" aria-busy={written || undefined}>
      <TextList
        path="config.suggested_questions"
        label={t("field.suggested_questions")}
        hint={t("field.suggested_questions_hint")}
        entryLabel={(number) => t("field.question_entry", { number })}
        addLabel={t("field.question_add")}
        placeholder={t("field.question_placeholder")}
        most={LIMITS.questions}
        ordered
        readOnly={written}
        aside={<Redo field="suggested_questions" name={t("field.suggested_questions")} empty={questions.length === 0} />}
      />
      <RedoFailure field="suggested_questions" />
    </div>
  );
}

export function ConversationStep() {
  const t = useT("wizard");
  return (
    <StepFrame>
      <VariableList hint={t("variable.hint", { example: "{{customer_name}}" })} />
      <FieldGroup title={t("group.opening")}>
        <TextAreaField path="config.greeting" label={t("field.greeting")} hint={t("field.greeting_hint")} placeholder={t("field.greeting_placeholder")} max={LIMITS.greeting} redo="greeting" />
        <Questions />
      </FieldGroup>
      <FieldGroup title={t("group.memory")}>
        <NumberField
          path="config.memory.history_turns"
          label={t("field.history_turns")}
          hint={t("field.history_turns_hint")}
          placeholder={t("field.history_turns_unset")}
          presets={[0, 10, 25, 50].map((value) => ({ value, label: value === 0 ? t("field.history_none") : String(value) }))}
        />
      </FieldGroup>
    </StepFrame>
  );
}
