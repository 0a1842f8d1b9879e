"use client";

import { AlignLeft, FileJson } from "lucide-react";
import { useWatch } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { FieldTextarea } from "@/components/ui/form-controls";
import { useT } from "@/lib/i18n";

import { parseJsonSchema } from "../agent-form";
import { useWizard } from "../wizard-context";
import { FormField } from "./form-field";

const EXAMPLE = {
  type: "object",
  properties: {
    answer: { type: "string", description: "The answer in one sentence" },
    confidence: { type: "number", minimum: 0, maximum: 1 },
  },
  required: ["answer", "confidence"],
  additionalProperties: false,
};

/** The schema of JSON answers, as text that may be unfinished. */
export function JsonSchemaField() {
  const t = useT("wizard.json_schema");
  const { form } = useWizard();
  const source = useWatch({ control: form.control, name: "config.json_schema" });
  const parsed = parseJsonSchema(source);
  const put = (schema: Record<string, unknown>) => form.setValue("config.json_schema", JSON.stringify(schema, null, 2), { shouldDirty: true, shouldValidate: true });
  return (
    <FormField
      path="config.json_schema"
      label={t("label")}
      hint={t("hint")}
      aside={source.trim() === "" ? (
        <Button variant="ghost" size="sm" className="-my-1.5 -me-2 h-7 px-2 text-xs" onClick={() => put(EXAMPLE)}><FileJson />{t("example")}</Button>
      ) : (
        <Button variant="ghost" size="sm" className="-my-1.5 -me-2 h-7 px-2 text-xs" disabled={!parsed} onClick={() => { if (parsed) put(parsed); }}><AlignLeft />{t("format")}</Button>
      )}
    >
      <FieldTextarea
        dir="ltr"
        spellCheck={false}
        autoCapitalize="none"
        placeholder={'{ "type": "object", … }'}
        className="field-sizing-content max-h-[32rem] min-h-48 font-mono text-[0.8125rem]"
        {...form.register("config.json_schema")}
      />
    </FormField>
  );
}
