import type { VariableForm } from "../agent-form";

/** What was filled in to try the agent with, by the variable's name. */
export type TestValues = Readonly<Record<string, string>>;

/** The values as a call sends them; what is empty is left to the variable's default. */
export function valuesToSend(variables: readonly Pick<VariableForm, "name" | "type">[], values: TestValues): Record<string, string | number | boolean> {
  const sent = variables.flatMap(({ name: typed, type }): [string, string | number | boolean][] => {
    const name = typed.trim();
    const value = values[name] ?? "";
    if (name === "" || value === "") return [];
    if (type === "boolean") return [[name, value === "true"]];
    const number = Number(value);
    return [[name, type === "number" && Number.isFinite(number) ? number : value]];
  });
  return Object.fromEntries(sent);
}

/** Variables that a call must give and this one does not. */
export function lacking(variables: readonly Pick<VariableForm, "name" | "required" | "default">[], values: TestValues): string[] {
  return variables.filter(({ name, required, default: preset }) => required && preset === "" && !values[name.trim()]).map(({ name }) => name.trim());
}
