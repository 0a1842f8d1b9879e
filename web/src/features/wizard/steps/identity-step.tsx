"use client";

import { useT } from "@/lib/i18n";

import { TextAreaField, TextField } from "../fields/form-field";
import { LanguageField } from "../fields/language-field";
import { LIMITS } from "../limits";
import { FieldGroup, StepFrame } from "./step-frame";

export function IdentityStep() {
  const t = useT("wizard.field");
  return (
    <StepFrame>
      <FieldGroup>
        <TextField path="name" label={t("name")} placeholder={t("name_placeholder")} max={LIMITS.name} redo="name" />
        <TextAreaField path="description" label={t("description")} hint={t("description_hint")} placeholder={t("description_placeholder")} max={LIMITS.description} redo="description" className="min-h-20" />
        <TextAreaField path="config.persona" label={t("persona")} hint={t("persona_hint")} placeholder={t("persona_placeholder")} max={LIMITS.persona} redo="persona" className="min-h-28" />
        <LanguageField />
      </FieldGroup>
    </StepFrame>
  );
}
