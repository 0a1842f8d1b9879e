"use client";

import type { ReactNode } from "react";
import { useFormState, useWatch, type FieldPath } from "react-hook-form";

import { Field } from "@/components/ui/field";
import { FieldInput, FieldTextarea } from "@/components/ui/form-controls";
import { cn } from "@/lib/cn";

import type { AgentForm } from "../agent-form";
import type { ProposedField } from "../proposal";
import { useWizard } from "../wizard-context";
import { Counter } from "./counter";
import { Redo, RedoFailure, useBeingWritten } from "./redo";
import { directionOf } from "./text-direction";

export type FormPath = FieldPath<AgentForm>;
/** Paths whose value is a text. */
export type TextPath = "name" | "description" | "config.persona" | "config.instructions" | "config.greeting" | "config.language" | "config.json_schema";

export function useFieldError(path: FormPath): string | undefined {
  const { form } = useWizard();
  const state = useFormState({ control: form.control, name: path });
  return form.getFieldState(path, state).error?.message;
}

interface FormFieldProps {
  path: FormPath;
  label: string;
  hint?: ReactNode;
  aside?: ReactNode;
  redo?: ProposedField | undefined;
  empty?: boolean;
  className?: string;
  children: ReactNode;
}

/** A control of the form: its label, its help, what is wrong with it, and the way to have it rewritten. */
export function FormField({ path, label, hint, aside, redo, empty = false, className, children }: FormFieldProps) {
  const error = useFieldError(path);
  const written = useBeingWritten(redo);
  const tools = aside || redo ? (
    <span className="flex items-center gap-3">
      {aside}
      {redo ? <Redo field={redo} name={label} empty={empty} /> : null}
    </span>
  ) : undefined;
  return (
    <div data-field={path} aria-busy={written || undefined} className={cn("group/field grid gap-1.5", className)}>
      <Field label={label} hint={hint} error={error} aside={tools}>{children}</Field>
      {redo ? <RedoFailure field={redo} /> : null}
    </div>
  );
}

const WRITTEN = "border-primary/60 outline-2 outline-primary/20";

interface TextProps {
  path: TextPath;
  label: string;
  hint?: ReactNode;
  placeholder?: string;
  max: number;
  redo?: ProposedField;
}

function useText({ path, max }: Pick<TextProps, "path" | "max">) {
  const { form } = useWizard();
  const value = useWatch({ control: form.control, name: path });
  return { registration: form.register(path), empty: value.trim() === "", dir: directionOf(value), counter: <Counter length={value.length} max={max} /> };
}

export function TextField({ path, label, hint, placeholder, max, redo }: TextProps) {
  const { registration, empty, dir, counter } = useText({ path, max });
  const written = useBeingWritten(redo);
  return (
    <FormField path={path} label={label} hint={hint} aside={counter} redo={redo} empty={empty}>
      <FieldInput dir={dir} autoComplete="off" placeholder={placeholder} readOnly={written} className={cn(written && WRITTEN)} {...registration} />
    </FormField>
  );
}

export function TextAreaField({ path, label, hint, placeholder, max, redo, className }: TextProps & { className?: string }) {
  const { registration, empty, dir, counter } = useText({ path, max });
  const written = useBeingWritten(redo);
  return (
    <FormField path={path} label={label} hint={hint} aside={counter} redo={redo} empty={empty}>
      <FieldTextarea dir={dir} placeholder={placeholder} readOnly={written} className={cn("field-sizing-content max-h-96", className, written && WRITTEN)} {...registration} />
    </FormField>
  );
}
