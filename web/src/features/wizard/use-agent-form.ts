"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMemo } from "react";
import { useForm, type UseFormReturn } from "react-hook-form";

import { useT } from "@/lib/i18n";

import type { AgentForm } from "./agent-form";
import { agentFormSchema, type AgentFormSchema } from "./form-schema";

export function useAgentFormSchema(): AgentFormSchema {
  const t = useT("wizard.problem");
  return useMemo(
    () => agentFormSchema({
      long: (max) => t("long", { max }),
      many: (max) => t("many", { max }),
      range: (min, max) => t("range", { min, max }),
      whole: () => t("whole"),
      variableName: () => t("variable_name"),
      duplicate: () => t("duplicate"),
      schema: () => t("schema"),
      modelName: () => t("model_name"),
    }),
    [t],
  );
}

/** The one form of the wizard; every step edits a part of it. */
export function useAgentForm(values: AgentForm): UseFormReturn<AgentForm> {
  const schema = useAgentFormSchema();
  // Told while it is typed: a mistake that appears when a field is left would move the button that is being pressed.
  return useForm<AgentForm>({ resolver: zodResolver(schema), defaultValues: values, mode: "onChange" });
}
