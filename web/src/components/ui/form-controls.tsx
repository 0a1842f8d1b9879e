"use client";

/** Controls that tie themselves to the Field around them. */
import type { ComponentProps } from "react";

import { useFieldProps } from "./field";
import { Input, Textarea } from "./input";
import { Select } from "./select";

export function FieldInput(props: ComponentProps<typeof Input>) {
  return <Input {...useFieldProps()} {...props} />;
}

export function FieldTextarea(props: ComponentProps<typeof Textarea>) {
  return <Textarea {...useFieldProps()} {...props} />;
}

export function FieldSelect(props: ComponentProps<typeof Select>) {
  return <Select {...useFieldProps()} {...props} />;
}
