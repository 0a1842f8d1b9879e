"use client";

import { useDeferredValue, useMemo } from "react";
import { useWatch } from "react-hook-form";

import { useT } from "@/lib/i18n";

import type { AgentForm } from "./agent-form";
import { issuesOf, valueAt } from "./mistakes";
import { missing, type Mistake } from "./steps";
import { useAgentFormSchema } from "./use-agent-form";
import { useWizard } from "./wizard-context";

/** Everything in the way of publishing as far as the browser knows: what is missing, then what is wrong. */
export function useLocalMistakes(): (form: AgentForm) => Mistake[] {
  const t = useT("wizard.problem");
  const schema = useAgentFormSchema();
  return useMemo(
    () => (form) => [
      ...missing(form).map((lack) => ({ ...lack, message: t(lack.path === "name" ? "name_required" : "instructions_required") })),
      ...issuesOf(schema, form),
    ],
    [t, schema],
  );
}

/** The same for what is on the screen, with what the server found and nobody has changed since. */
export function useMistakes(): Mistake[] {
  const { form, publishing } = useWizard();
  const values = useDeferredValue(useWatch({ control: form.control }) as AgentForm);
  const local = useLocalMistakes();
  return useMemo(() => {
    const here = local(values);
    const told = new Set(here.map(({ path }) => path));
    const open = publishing.found.filter(({ path, value }) => !told.has(path) && JSON.stringify(valueAt(values, path)) === value);
    return [...here, ...open];
  }, [values, local, publishing.found]);
}
