/** What a prompt is tested with, kept in this browser. */
export interface TestValues {
  /** Values of its variables. Those of variables that went away stay, for when they come back. */
  values: Readonly<Record<string, string>>;
  input: string;
  /** Models to ask, `provider/model`; none: the server's default. */
  models: readonly string[];
}

export const NO_VALUES: TestValues = { values: {}, input: "", models: [] };
export const MOST_MODELS = 4;

const KEY = "agentgen.prompt-tests";
/** Prompts whose values are kept; the one used longest ago goes first. */
export const MOST_KEPT = 40;

type Kept = [id: string, values: TestValues][];

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

function valuesOf(stored: unknown): TestValues {
  if (!isRecord(stored)) return NO_VALUES;
  const values = isRecord(stored["values"]) ? stored["values"] : {};
  return {
    values: Object.fromEntries(Object.entries(values).filter((pair): pair is [string, string] => typeof pair[1] === "string")),
    input: typeof stored["input"] === "string" ? stored["input"] : "",
    models: texts(stored["models"]).slice(0, MOST_MODELS),
  };
}

/** What is stored, whatever somebody made of it. */
function readAll(storage: Storage): Kept {
  try {
    const stored: unknown = JSON.parse(storage.getItem(KEY) ?? "[]");
    if (!Array.isArray(stored)) return [];
    return stored.flatMap((pair: unknown) => (Array.isArray(pair) && typeof pair[0] === "string" ? [[pair[0], valuesOf(pair[1])]] satisfies Kept : []));
  } catch {
    return [];
  }
}

export function readValues(storage: Storage, id: string): TestValues {
  return readAll(storage).find(([other]) => other === id)?.[1] ?? NO_VALUES;
}

/** Keeps the values of one prompt. A full or forbidden storage keeps nothing, and the test runs all the same. */
export function keepValues(storage: Storage, id: string, values: TestValues): void {
  const others = readAll(storage).filter(([other]) => other !== id);
  try {
    storage.setItem(KEY, JSON.stringify([...others.slice(1 - MOST_KEPT), [id, values]] satisfies Kept));
  } catch {
    storage.removeItem(KEY);
  }
}

/** The values of variables that have one. */
export function givenValues(names: readonly string[], values: TestValues["values"]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value ? [[name, value]] : [];
  }));
}
