"use client";

import { Braces, ChevronRight, FileText, Type, WholeWord } from "lucide-react";
import { useController, useWatch } from "react-hook-form";

import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import type { ResponseFormat } from "../agent-form";
import { ChoiceCards } from "@/components/ui/choice-cards";
import { FallbackList } from "../fields/fallback-list";
import { FormField, useFieldError } from "../fields/form-field";
import { JsonSchemaField } from "../fields/json-schema-field";
import { ModelPicker } from "../fields/model-picker";
import { useModelChoices } from "../fields/models";
import { NumberField, SliderField } from "../fields/number-fields";
import { TextList } from "../fields/text-list";
import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { FieldGroup, StepFrame } from "./step-frame";

/** Says when the chosen provider, or the server's own, cannot answer as an AI. */
function ProviderNote({ provider }: { provider: string }) {
  const t = useT("wizard.model_note");
  const { groups, fallback } = useModelChoices();
  const used = provider ? groups.find((group) => group.provider.id === provider)?.provider : fallback;
  if (!used || (used.configured && !used.offline)) return null;
  return (
    <p className="rounded-lg bg-warning-soft px-3.5 py-2.5 text-[0.8125rem] text-warning">
      {used.configured ? t("sandbox") : t("no_key", { provider: used.title, setting: used.setting ?? "" })}{" "}
      <Link href="/settings?tab=models" className="font-medium underline underline-offset-2">{t("settings")}</Link>
    </p>
  );
}

function ModelField() {
  const t = useT("wizard.field");
  const { form } = useWizard();
  const [provider, model] = useWatch({ control: form.control, name: ["config.provider", "config.model"] });
  const providerError = useFieldError("config.provider");
  return (
    <div className="grid gap-2.5" data-field="config.provider">
      <FormField path="config.model" label={t("model")} hint={t("model_hint")}>
        <ModelPicker
          label={t("model")}
          value={{ provider, model }}
          withDefault
          onChange={(chosen) => {
            form.setValue("config.provider", chosen.provider, { shouldDirty: true, shouldValidate: true });
            form.setValue("config.model", chosen.model, { shouldDirty: true, shouldValidate: true });
          }}
        />
      </FormField>
      {providerError ? <p role="alert" className="text-[0.8125rem] text-destructive">{providerError}</p> : null}
      <ProviderNote provider={provider} />
    </div>
  );
}

function ResponseFormatField() {
  const t = useT("wizard.format");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.response_format" });
  const put = (value: ResponseFormat | "") => form.setValue("config.response_format", value, { shouldDirty: true });
  return (
    <div data-field="config.response_format" className="grid gap-4">
      <ChoiceCards
        label={t("label")}
        value={field.value}
        onChange={put}
        onBlur={field.onBlur}
        choices={[
          { value: "", label: t("auto"), hint: t("auto_hint"), icon: WholeWord },
          { value: "text", label: t("text"), hint: t("text_hint"), icon: Type },
          { value: "markdown", label: t("markdown"), hint: t("markdown_hint"), icon: FileText },
          { value: "json_schema", label: t("json_schema"), hint: t("json_schema_hint"), icon: Braces },
        ]}
      />
      {field.value === "json_schema" ? <JsonSchemaField /> : null}
    </div>
  );
}

// A line break is typed and read as \n.
const showStop = (value: string) => value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
const readStop = (shown: string) => shown.replaceAll(/\\([nt\\])/g, (_, escaped: string) => ({ n: "\n", t: "\t" })[escaped] ?? "\\");

function Advanced() {
  const t = useT("wizard");
  const { form } = useWizard();
  const [topP, stop] = form.getValues(["config.top_p", "config.stop"]);
  return (
    <details open={topP !== null || stop.length > 0} className="group border-t pt-5">
      <summary className="flex cursor-pointer list-none items-center gap-2 rounded text-sm font-medium [&::-webkit-details-marker]:hidden">
        <ChevronRight aria-hidden="true" className="size-4 text-muted-foreground transition-transform group-open:rotate-90 rtl:-scale-x-100" />
        {t("field.advanced")}
      </summary>
      <div className="grid gap-6 pt-5">
        <SliderField path="config.top_p" label={t("field.top_p")} hint={t("field.top_p_hint")} min={0} max={1} step={0.05} unset={1} low={t("field.top_p_low")} high={t("field.top_p_high")} />
        <TextList
          path="config.stop"
          label={t("field.stop")}
          hint={t("field.stop_hint")}
          entryLabel={(number) => t("field.stop_entry", { number })}
          addLabel={t("field.stop_add")}
          most={LIMITS.stops}
          mono
          show={showStop}
          read={readStop}
        />
      </div>
    </details>
  );
}

export function ModelStep() {
  const t = useT("wizard");
  return (
    <StepFrame>
      <FieldGroup>
        <ModelField />
        <FallbackList />
      </FieldGroup>
      <FieldGroup title={t("group.sampling")}>
        <SliderField path="config.temperature" label={t("field.temperature")} hint={t("field.temperature_hint")} {...LIMITS.temperature} step={0.1} unset={1} low={t("field.temperature_low")} high={t("field.temperature_high")} digits={1} />
        <NumberField path="config.max_tokens" label={t("field.max_tokens")} hint={t("field.max_tokens_hint")} placeholder={t("field.max_tokens_unset")} unit={t("unit.tokens")} />
      </FieldGroup>
      <FieldGroup title={t("format.label")}><ResponseFormatField /></FieldGroup>
      <Advanced />
    </StepFrame>
  );
}
