/**
 * Variables of a prompt, `{{name}}`, read as the server reads them: spaces inside the braces are allowed,
 * and what is no name is ordinary text.
 */
const NAME = "[A-Za-z_][A-Za-z0-9_.-]{0,63}";
const PLACEHOLDER = new RegExp(`\\{\\{[ \\t\\r\\n\\f\\v]*(${NAME})[ \\t\\r\\n\\f\\v]*\\}\\}`, "g");
const WHOLE_NAME = new RegExp(`^${NAME}$`);

export interface VariableUse {
  name: string;
  /** Where `{{` begins and `}}` ends. */
  from: number;
  to: number;
}

/** Every use of a variable, in the text's order. */
export function findVariables(text: string): VariableUse[] {
  return Array.from(text.matchAll(PLACEHOLDER), (match) => ({
    name: match[1] ?? "",
    from: match.index,
    to: match.index + match[0].length,
  }));
}

/** The names used, each once, in the order of their first use. */
export function variableNames(text: string): string[] {
  return [...new Set(findVariables(text).map(({ name }) => name))];
}

export interface VariableCheck {
  /** Used, but declared nowhere: the model would see them as written. */
  unknown: string[];
  /** Declared, but used nowhere. */
  unused: string[];
}

/** Compares what the texts use with what is declared. */
export function checkVariables(texts: string | readonly string[], declared: readonly string[]): VariableCheck {
  const used = variableNames(typeof texts === "string" ? texts : texts.join("\n"));
  return {
    unknown: used.filter((name) => !declared.includes(name)),
    unused: [...new Set(declared)].filter((name) => !used.includes(name)),
  };
}

export function isVariableName(name: string): boolean {
  return WHOLE_NAME.test(name);
}

/** The text that uses a variable. */
export function placeholderOf(name: string): string {
  return `{{${name}}}`;
}
