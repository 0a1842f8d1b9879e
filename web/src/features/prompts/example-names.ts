export const EXAMPLES = ["support_reply", "meeting_notes", "code_review", "product_text", "extract_data", "explain"] as const;
export type ExampleName = (typeof EXAMPLES)[number];

export function exampleName(name: string | null): ExampleName | null {
  return EXAMPLES.find((known) => known === name) ?? null;
}
