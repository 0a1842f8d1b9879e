import type { Variable } from "@/lib/api/schema";

export const LANGUAGES = ["curl", "javascript", "python"] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

export interface SnippetInput {
  origin: string;
  agentId: string;
  key: string;
  text: string;
  stream: boolean;
  /** The agent's variables that a call should give. */
  variables: readonly Variable[];
}

function exampleOf({ type, default: preset, name }: Variable): string | number | boolean {
  if (type === "number") return Number(preset ?? 1);
  if (type === "boolean") return preset === "true";
  return preset ?? name;
}

function bodyOf({ agentId, text, stream, variables }: SnippetInput): Record<string, unknown> {
  return {
    agent_id: agentId,
    input_text: text,
    ...(variables.length ? { variables: Object.fromEntries(variables.map((variable) => [variable.name, exampleOf(variable)])) } : {}),
    ...(stream ? { stream: true } : {}),
  };
}

/** A word of a POSIX shell, whatever it holds. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function indent(text: string, by: string): string {
  return text.replaceAll("\n", `\n${by}`);
}

function curl(input: SnippetInput): string {
  return [
    `curl ${input.stream ? "-N " : ""}${input.origin}/v1/ai/generate \\`,
    `  -H ${shellWord(`Authorization: Bearer ${input.key}`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${shellWord(JSON.stringify(bodyOf(input), null, 2))}`,
  ].join("\n");
}

function javascript(input: SnippetInput): string {
  const call = [
    `const reply = await fetch("${input.origin}/v1/ai/generate", {`,
    "  method: \"POST\",",
    "  headers: {",
    `    Authorization: ${JSON.stringify(`Bearer ${input.key}`)},`,
    "    \"Content-Type\": \"application/json\",",
    "  },",
    `  body: JSON.stringify(${indent(JSON.stringify(bodyOf(input), null, 2), "  ")}),`,
    "});",
    "if (!reply.ok) throw new Error(await reply.text());",
  ];
  const whole = ["const { response } = await reply.json();", "console.log(response);"];
  const streamed = [
    "const decoder = new TextDecoder();",
    "let rest = \"\";",
    "for await (const bytes of reply.body) {",
    "  const events = (rest + decoder.decode(bytes, { stream: true })).split(\"\\n\\n\");",
    "  rest = events.pop();",
    "  for (const event of events) {",
    "    if (!/^event: delta$/m.test(event)) continue;",
    "    process.stdout.write(JSON.parse(event.match(/^data: (.*)$/m)[1]).text);",
    "  }",
    "}",
  ];
  return [...call, "", ...(input.stream ? streamed : whole)].join("\n");
}

/** JSON as a Python literal. */
function pythonLiteral(value: unknown, depth: number): string {
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const pad = "    ".repeat(depth + 1);
  const rows = Object.entries(value).map(([name, item]) => `${pad}${JSON.stringify(name)}: ${pythonLiteral(item, depth + 1)},`);
  return `{\n${rows.join("\n")}\n${"    ".repeat(depth)}}`;
}

function python(input: SnippetInput): string {
  const request = [
    "import json",
    "import urllib.request",
    "",
    "request = urllib.request.Request(",
    `    "${input.origin}/v1/ai/generate",`,
    `    data=json.dumps(${pythonLiteral(bodyOf(input), 1)}).encode(),`,
    `    headers={"Authorization": ${JSON.stringify(`Bearer ${input.key}`)}, "Content-Type": "application/json"},`,
    ")",
    "with urllib.request.urlopen(request) as reply:",
  ];
  const whole = ["    print(json.load(reply)[\"response\"])"];
  const streamed = [
    "    event = \"\"",
    "    for line in reply:",
    "        name, _, value = line.decode().rstrip(\"\\n\").partition(\": \")",
    "        if name == \"event\":",
    "            event = value",
    "        elif name == \"data\" and event == \"delta\":",
    "            print(json.loads(value)[\"text\"], end=\"\", flush=True)",
  ];
  return [...request, ...(input.stream ? streamed : whole)].join("\n");
}

const WRITERS = { curl, javascript, python } as const;

/** A program that calls the agent; only what ships with the language is needed to run it. */
export function snippet(language: SnippetLanguage, input: SnippetInput): string {
  return WRITERS[language](input);
}
