"use client";

import { useId } from "react";
import { useController } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { FieldInput } from "@/components/ui/form-controls";
import { Slider } from "@/components/ui/slider";
import { cn } from "@/lib/cn";
import { useFormatter, useT } from "@/lib/i18n";

import { useWizard } from "../wizard-context";
import { FormField, useFieldError } from "./form-field";

export type NumberPath = "config.temperature" | "config.top_p" | "config.max_tokens" | "config.memory.history_turns" | "config.limits.timeout_s";

interface Common {
  path: NumberPath;
  label: string;
  hint?: string;
}

/** A whole number, or nothing for what the model or the server does by itself. */
export function NumberField({ path, label, hint, unit, placeholder, presets = [] }: Common & {
  unit?: string;
  placeholder: string;
  presets?: readonly { value: number; label: string }[];
}) {
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: path });
  const put = (value: number | null) => form.setValue(path, value, { shouldDirty: true, shouldValidate: true });
  return (
    <FormField path={path} label={label} hint={hint}>
      <div className="flex flex-wrap items-center gap-2">
        <span className="relative w-60 max-w-full">
          <FieldInput
            ref={field.ref}
            type="number"
            inputMode="numeric"
            step={1}
            value={field.value ?? ""}
            placeholder={placeholder}
            onChange={({ target }) => field.onChange(Number.isNaN(target.valueAsNumber) ? null : target.valueAsNumber)}
            onBlur={field.onBlur}
            className={cn("tabular-nums [appearance:textfield] [&::-webkit-inner-spin-button]:appearance-none", unit && "pe-20")}
          />
          {unit ? <span aria-hidden="true" className="pointer-events-none absolute inset-e-3 top-1/2 -translate-y-1/2 text-sm text-muted-foreground">{unit}</span> : null}
        </span>
        {presets.length ? (
          <span className="flex flex-wrap gap-1">
            {presets.map((preset) => (
              <Button
                key={preset.value}
                variant={field.value === preset.value ? "soft" : "ghost"}
                size="sm"
                aria-pressed={field.value === preset.value}
                onClick={() => put(preset.value)}
              >
                {preset.label}
              </Button>
            ))}
          </span>
        ) : null}
      </div>
    </FormField>
  );
}

/** A value on a scale with a name at each end; unset, it is left to the model. */
export function SliderField({ path, label, hint, min, max, step, unset, low, high, digits = 2 }: Common & {
  min: number;
  max: number;
  step: number;
  /** Where the thumb stands while nothing is set. */
  unset: number;
  low: string;
  high: string;
  digits?: number;
}) {
  const t = useT("wizard.field");
  const format = useFormatter();
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: path });
  const error = useFieldError(path);
  const id = useId();
  const set = field.value !== null;
  const value = field.value ?? unset;
  return (
    <div data-field={path} className="grid gap-2">
      <div className="flex min-h-7 items-center justify-between gap-3">
        <span id={id} className="text-sm font-medium">{label}</span>
        <span className="flex items-center gap-2 text-sm">
          {set ? (
            <>
              <Button variant="ghost" size="sm" className="h-7 px-2 text-xs text-muted-foreground" onClick={() => field.onChange(null)}>{t("use_default")}</Button>
              <output className="min-w-12 rounded-md border bg-card px-2 py-0.5 text-center text-[0.8125rem] tabular-nums">{format.number(value, { minimumFractionDigits: digits === 0 ? 0 : 1, maximumFractionDigits: digits })}</output>
            </>
          ) : <span className="text-[0.8125rem] text-muted-foreground">{t("default_of_model")}</span>}
        </span>
      </div>
      <Slider
        aria-labelledby={id}
        min={min}
        max={max}
        step={step}
        value={[value]}
        onValueChange={([next]) => { if (next !== undefined) field.onChange(Number(next.toFixed(2))); }}
        onBlur={field.onBlur}
        className={cn(!set && "opacity-60")}
      />
      <div className="flex justify-between text-xs text-muted-foreground"><span>{low}</span><span>{high}</span></div>
      {error ? <p role="alert" className="text-[0.8125rem] text-destructive">{error}</p> : null}
      {hint ? <p className="text-[0.8125rem] text-muted-foreground">{hint}</p> : null}
    </div>
  );
}
