import type { AgentForm } from "./agent-form";
import type { AgentFormSchema } from "./form-schema";
import type { Mistake } from "./steps";

/** What is typed wrongly, in the order of the form. */
export function issuesOf(schema: AgentFormSchema, form: AgentForm): Mistake[] {
  const { error } = schema.safeParse(form);
  return (error?.issues ?? []).map(({ path, message, code }) => ({ path: path.join("."), message, code: code ?? "invalid" }));
}

/** The value at a path such as `config.variables.2.name`; undefined where there is none. */
export function valueAt(form: AgentForm, path: string): unknown {
  let value: unknown = form;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
