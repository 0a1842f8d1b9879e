import { describe, expect, it } from "vitest";

import { EXAMPLE_TEXTS } from "./examples";
import { estimateTokens } from "./tokens";

/* Counted with o200k_base, the vocabulary of current OpenAI models. */
const COUNTED = { support_reply: 168, meeting_notes: 157, code_review: 206, product_text: 149, extract_data: 161, explain: 148 } as const;
const SENTENCES = [
  ["Schreiben Sie eine kurze, freundliche Antwort auf die Nachricht des Kunden.", 15],
  ["You are a helpful assistant. Answer in one short sentence.", 12],
  ["顧客の質問に一文で答えてください。", 13],
  ["أجب عن سؤال العميل في جملة واحدة قصيرة.", 11],
  ["function add(a, b) {\n  return a + b;\n}\nconst x = { a: 1, b: [2, 3] };", 32],
] as const;

function expectWithinAFifth(text: string, counted: number): void {
  expect(Math.abs(estimateTokens(text) - counted) / counted).toBeLessThanOrEqual(0.2);
}

describe("estimateTokens", () => {
  it("is nothing for nothing and at least one for something", () => {
    expect(estimateTokens("")).toBe(0);
    expect(estimateTokens(" ")).toBe(0);
    expect(estimateTokens("a")).toBe(1);
  });

  it.each(Object.entries(COUNTED))("is near what a model counts: %s", (name, counted) => {
    expectWithinAFifth(EXAMPLE_TEXTS[name as keyof typeof COUNTED], counted);
  });

  it.each(SENTENCES)("is near what a model counts: %s", (text, counted) => expectWithinAFifth(text, counted));

  it("is quick with the longest text there can be", () => {
    const before = performance.now();
    expect(estimateTokens("aé1,漢م ".repeat(10_000))).toBeGreaterThan(10_000);
    expect(performance.now() - before).toBeLessThan(1_000);
  });
});
