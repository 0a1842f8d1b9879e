import * as z from "zod/mini";

import { RESPONSE_FORMATS, RESPONSE_STYLES, VARIABLE_TYPES, parseJsonSchema, type AgentForm, type VariableForm } from "./agent-form";
import { LIMITS } from "./limits";

/** The words for what is wrong; each takes the bounds it tells. */
export interface FormWords {
  long: (max: number) => string;
  many: (max: number) => string;
  range: (min: number, max: number) => string;
  whole: () => string;
  variableName: () => string;
  duplicate: () => string;
  schema: () => string;
  modelName: () => string;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const MODEL_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\/.+$/;

/**
 * What may be typed into the form. It says nothing of what is still missing: a draft may be unfinished, and
 * `missing()` tells the rest.
 */
export function agentFormSchema(words: FormWords) {
  const text = (max: number) => z.string().check(z.maxLength(max, words.long(max)));
  const list = (item: number, most: number) => z.array(text(item)).check(z.maxLength(most, words.many(most)));
  const amount = ({ min, max }: { min: number; max: number }) => z.nullable(z.number().check(z.gte(min, words.range(min, max)), z.lte(max, words.range(min, max))));
  const whole = (bounds: { min: number; max: number }) => z.nullable(amount(bounds).check(z.refine((value) => value === null || Number.isInteger(value), words.whole())));

  const variable = z.object({
    name: text(LIMITS.variableName),
    type: z.enum(VARIABLE_TYPES),
    default: text(LIMITS.variableDefault),
    description: text(LIMITS.variableDescription),
    required: z.boolean(),
  });
  const variables = z.array(variable).check(z.maxLength(LIMITS.variables, words.many(LIMITS.variables)), z.check((context) => {
    for (const { index, code } of variableMistakes(context.value)) {
      context.issues.push({
        code: "custom",
        input: context.value,
        path: [index, "name"],
        message: code === "duplicate" ? words.duplicate() : words.variableName(),
      });
    }
  }));
  const config = z.object({
    provider: text(LIMITS.provider),
    model: text(LIMITS.model),
    temperature: amount(LIMITS.temperature),
    top_p: amount(LIMITS.topP),
    max_tokens: whole(LIMITS.maxTokens),
    stop: list(LIMITS.stop, LIMITS.stops),
    response_style: z.enum(["", ...RESPONSE_STYLES]),
    language: text(LIMITS.language),
    instructions: text(LIMITS.instructions),
    persona: text(LIMITS.persona),
    variables,
    prompt_id: z.string(),
    greeting: text(LIMITS.greeting),
    suggested_questions: list(LIMITS.question, LIMITS.questions),
    response_format: z.enum(["", ...RESPONSE_FORMATS]),
    json_schema: z.string(),
    memory: z.object({ history_turns: whole(LIMITS.historyTurns) }),
    fallback_models: z.array(z.string().check(z.refine((name) => MODEL_NAME.test(name), words.modelName())))
      .check(z.maxLength(LIMITS.fallbacks, words.many(LIMITS.fallbacks))),
    limits: z.object({ timeout_s: whole(LIMITS.timeoutS) }),
  }).check(z.check((context) => {
    const { response_format, json_schema } = context.value;
    if (response_format !== "json_schema" || parseJsonSchema(json_schema)) return;
    context.issues.push({ code: "custom", input: json_schema, path: ["json_schema"], message: words.schema() });
  }));
  const form: z.ZodMiniType<AgentForm, AgentForm> = z.object({ name: text(LIMITS.name), description: text(LIMITS.description), config });
  return form;
}

export type AgentFormSchema = ReturnType<typeof agentFormSchema>;

export interface VariableMistake {
  index: number;
  code: "name" | "duplicate";
}

/** Names that cannot be used: no name beside other content, a wrong character, or taken already. */
export function variableMistakes(variables: readonly Pick<VariableForm, "name" | "default" | "description">[]): VariableMistake[] {
  const taken = new Set<string>();
  return variables.flatMap(({ name: typed, default: preset, description }, index): VariableMistake[] => {
    const name = typed.trim();
    if (name === "" && preset === "" && description.trim() === "") return [];
    if (!NAME.test(name)) return [{ index, code: "name" }];
    if (taken.has(name)) return [{ index, code: "duplicate" }];
    taken.add(name);
    return [];
  });
}
