"use client";

import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { Switch } from "@/components/ui/switch";
import type { Variable } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

export type VariableValues = Record<string, string | number | boolean>;

/** Names of the variables that a call must give and that have no value yet. */
export function missingVariables(variables: readonly Variable[], values: VariableValues): string[] {
  return variables.filter(({ name, required, default: preset }) => required && !preset && (values[name] ?? "") === "").map(({ name }) => name);
}

function without(values: VariableValues, name: string): VariableValues {
  return Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));
}

function VariableField({ variable, value, onChange }: { variable: Variable; value: string | number | boolean | undefined; onChange: (value: string | number | boolean | undefined) => void }) {
  const t = useT("chat");
  const { name, type = "string", default: preset, description, required } = variable;
  const aside = required && !preset ? t("required") : undefined;
  if (type === "boolean") {
    return (
      <Field label={name} hint={description} aside={aside}>
        <Switch checked={value === undefined ? preset === "true" : value === true} onCheckedChange={onChange} aria-label={name} />
      </Field>
    );
  }
  return (
    <Field label={name} hint={description} aside={aside}>
      <FieldInput
        type={type === "number" ? "number" : "text"}
        step="any"
        value={value === undefined ? "" : String(value)}
        placeholder={preset}
        onChange={({ target }) => onChange(target.value === "" ? undefined : type === "number" ? Number(target.value) : target.value)}
      />
    </Field>
  );
}

/** The blanks of an agent as a form. What is left empty takes its default. */
export function VariableFields({ variables, values, onChange }: { variables: readonly Variable[]; values: VariableValues; onChange: (values: VariableValues) => void }) {
  return (
    <>
      {variables.map((variable) => (
        <VariableField
          key={variable.name}
          variable={variable}
          value={values[variable.name]}
          onChange={(value) => onChange(value === undefined ? without(values, variable.name) : { ...values, [variable.name]: value })}
        />
      ))}
    </>
  );
}
