"use client";

import { useWatch } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import { NumberField } from "../fields/number-fields";
import type { Step } from "../steps";
import { useWizard } from "../wizard-context";
import { FieldGroup, StepFrame } from "./step-frame";

/** What else bounds a run, with the way to where it is set. */
function OtherLimits() {
  const t = useT("wizard");
  const { number } = useFormat();
  const { form, goTo } = useWizard();
  const config = useWatch({ control: form.control, name: "config" });
  const rows: { label: string; value: string; step: Step; path: string }[] = [
    { label: t("field.max_tokens"), value: config.max_tokens === null ? t("field.max_tokens_unset") : t("limits.tokens", { count: config.max_tokens }), step: "model", path: "config.max_tokens" },
    {
      label: t("field.history_turns"),
      value: config.memory.history_turns === null ? t("field.history_turns_unset") : number(config.memory.history_turns),
      step: "conversation",
      path: "config.memory.history_turns",
    },
    { label: t("fallback.label"), value: t("limits.fallbacks", { count: config.fallback_models.length }), step: "model", path: "config.fallback_models" },
  ];
  return (
    <Card className="divide-y">
      {rows.map(({ label, value, step, path }) => (
        <div key={path} className="flex items-center justify-between gap-4 px-4 py-2.5 text-sm">
          <span className="text-muted-foreground">{label}</span>
          <span className="flex items-center gap-3">
            <span className="text-end font-medium">{value}</span>
            <Button variant="ghost" size="sm" className="h-7 px-2 text-xs" aria-label={t("limits.change_label", { name: label })} onClick={() => goTo(step, path)}>{t("limits.change")}</Button>
          </span>
        </div>
      ))}
    </Card>
  );
}

export function LimitsStep() {
  const t = useT("wizard");
  const { duration } = useFormat();
  return (
    <StepFrame>
      <NumberField
        path="config.limits.timeout_s"
        label={t("field.timeout")}
        hint={t("field.timeout_hint")}
        placeholder={t("field.timeout_unset")}
        unit={t("unit.seconds")}
        presets={[30, 60, 120, 300].map((value) => ({ value, label: duration(value * 1_000) }))}
      />
      <FieldGroup title={t("limits.other")} description={t("limits.other_hint")}><OtherLimits /></FieldGroup>
    </StepFrame>
  );
}
