"use client";

import { Braces, Plus, Trash2 } from "lucide-react";
import { useId, type ReactNode } from "react";
import { useController, useWatch } from "react-hook-form";

import { checkVariables, variableNames } from "@/components/editor/variables";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Switch } from "@/components/ui/switch";
import { useT } from "@/lib/i18n";

import { EMPTY_VARIABLE, VARIABLE_TYPES, type VariableForm } from "../agent-form";
import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { useFieldError } from "./form-field";
import { Redo, RedoFailure, useBeingWritten } from "./redo";
import { directionOf } from "./text-direction";
import { useEntryFocus } from "./text-list";

function DefaultValue({ variable, onChange, onBlur }: { variable: VariableForm; onChange: (value: string) => void; onBlur: () => void }) {
  const t = useT("wizard.variable");
  if (variable.type === "boolean") {
    return (
      <FieldSelect value={variable.default} onChange={(event) => onChange(event.target.value)} onBlur={onBlur}>
        <option value="">{t("no_default")}</option>
        <option value="true">true</option>
        <option value="false">false</option>
      </FieldSelect>
    );
  }
  return (
    <FieldInput
      dir={directionOf(variable.default)}
      inputMode={variable.type === "number" ? "decimal" : undefined}
      value={variable.default}
      placeholder={t("no_default")}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onBlur}
    />
  );
}

function Row({ index, variable, unused, onChange, onBlur, onRemove }: {
  index: number;
  variable: VariableForm;
  unused: boolean;
  onChange: (change: Partial<VariableForm>) => void;
  onBlur: () => void;
  onRemove: () => void;
}) {
  const t = useT("wizard.variable");
  const error = {
    name: useFieldError(`config.variables.${index}.name`),
    preset: useFieldError(`config.variables.${index}.default`),
    description: useFieldError(`config.variables.${index}.description`),
  };
  const requiredId = useId();
  const title = variable.name || t("number", { number: index + 1 });
  return (
    <li className="grid gap-3 rounded-xl border bg-card p-4 shadow-card" aria-label={title}>
      <div className="grid gap-3 sm:grid-cols-[minmax(0,1fr)_9rem]">
        <div data-field={`config.variables.${index}.name`}>
          <Field label={t("name")} error={error.name} aside={unused && variable.name ? t("unused") : undefined}>
            <FieldInput data-entry dir="ltr" spellCheck={false} autoCapitalize="none" className="font-mono text-[0.8125rem]" value={variable.name} placeholder="customer_name" onChange={(event) => onChange({ name: event.target.value })} onBlur={onBlur} />
          </Field>
        </div>
        <Field label={t("type")}>
          <FieldSelect value={variable.type} onChange={(event) => onChange({ type: VARIABLE_TYPES.find((type) => type === event.target.value) ?? "string" })} onBlur={onBlur}>
            {VARIABLE_TYPES.map((type) => <option key={type} value={type}>{t(`types.${type}`)}</option>)}
          </FieldSelect>
        </Field>
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        <div data-field={`config.variables.${index}.description`}>
          <Field label={t("description")} error={error.description}>
            <FieldInput dir={directionOf(variable.description)} value={variable.description} placeholder={t("description_placeholder")} onChange={(event) => onChange({ description: event.target.value })} onBlur={onBlur} />
          </Field>
        </div>
        <div data-field={`config.variables.${index}.default`}>
          <Field label={t("default")} error={error.preset}><DefaultValue variable={variable} onChange={(preset) => onChange({ default: preset })} onBlur={onBlur} /></Field>
        </div>
      </div>
      <div className="flex items-center justify-between gap-3">
        <span className="flex items-center gap-2.5 text-sm">
          <Switch id={requiredId} checked={variable.required} onCheckedChange={(required) => onChange({ required })} />
          <label htmlFor={requiredId}>{t("required")}</label>
        </span>
        <Button variant="ghost" size="sm" className="text-muted-foreground" onClick={onRemove} aria-label={t("remove", { name: title })}><Trash2 />{t("remove_short")}</Button>
      </div>
    </li>
  );
}

/** Names that the texts use and nobody declared, with a way to do so. */
function Undeclared({ names, onAdd }: { names: readonly string[]; onAdd: (names: readonly string[]) => void }) {
  const t = useT("wizard.variable");
  if (!names.length) return null;
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-xl bg-warning-soft px-3.5 py-2.5 text-sm text-warning">
      <Braces aria-hidden="true" className="size-4 shrink-0" />
      <span>{t("undeclared")}</span>
      <span className="flex flex-wrap gap-1.5">
        {names.map((name) => (
          <Button key={name} variant="secondary" size="sm" className="h-7 px-2 font-mono text-xs" aria-label={t("declare", { name })} onClick={() => onAdd([name])}><Plus />{name}</Button>
        ))}
      </span>
    </div>
  );
}

export function VariableList({ hint }: { hint: ReactNode }) {
  const t = useT("wizard.variable");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.variables" });
  const [instructions, persona, greeting] = useWatch({ control: form.control, name: ["config.instructions", "config.persona", "config.greeting"] });
  const { list, focus } = useEntryFocus();
  const listError = useFieldError("config.variables");
  const written = useBeingWritten("variables");
  const values = field.value;
  const used = variableNames([instructions, persona, greeting].join("\n"));
  const { unknown } = checkVariables([instructions, persona, greeting], values.map(({ name }) => name.trim()));

  const add = (names: readonly string[]) => {
    const room = LIMITS.variables - values.length;
    field.onChange([...values, ...names.slice(0, room).map((name) => ({ ...EMPTY_VARIABLE, name }))]);
    focus(values.length);
  };
  const remove = (at: number) => {
    field.onChange(values.filter((_, index) => index !== at));
    focus(Math.max(0, at - 1));
  };

  return (
    <div role="group" aria-label={t("title")} data-field="config.variables" aria-busy={written || undefined} className="grid gap-3">
      <div className="grid gap-0.5">
        <div className="flex min-h-7 items-baseline justify-between gap-3">
          <span className="text-sm font-medium">{t("title")}</span>
          <Redo field="variables" name={t("title")} empty={values.length === 0} />
        </div>
        <p className="text-[0.8125rem] text-muted-foreground">{hint}</p>
      </div>
      <RedoFailure field="variables" />
      <Undeclared names={unknown} onAdd={add} />
      <ul ref={list} className="grid gap-3 empty:hidden">
        {values.map((variable, index) => (
          <Row
            // A name may be typed at this moment; the place is what stays.
            key={index}
            index={index}
            variable={variable}
            unused={!used.includes(variable.name.trim())}
            onChange={(change) => field.onChange(values.map((other, at) => (at === index ? { ...other, ...change } : other)))}
            onBlur={field.onBlur}
            onRemove={() => remove(index)}
          />
        ))}
      </ul>
      {listError ? <p role="alert" className="text-[0.8125rem] text-destructive">{listError}</p> : null}
      <div>
        <Button data-add variant="secondary" size="sm" disabled={values.length >= LIMITS.variables} onClick={() => add([""])}><Plus />{t("add")}</Button>
      </div>
    </div>
  );
}
