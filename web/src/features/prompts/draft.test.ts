import { describe, expect, it } from "vitest";

import { LIMITS, clip, copyName, draftOf, fieldOf, filingOf, inputOf, lengthOf, sameDraft, titleOf, withTags } from "./draft";

const DRAFT = { name: "Reply", category: "Support", tags: ["mail"], text: "Hello {{name}}" };

describe("a draft and what is stored", () => {
  it("is what the server has, and back", () => {
    const input = inputOf(DRAFT);
    expect(input).toEqual({ name: "Reply", prompt_text: "Hello {{name}}", metadata: { category: "Support", tags: ["mail"] } });
    expect(draftOf({ name: "Reply", prompt_text: "Hello {{name}}", metadata: input.metadata ?? {} })).toEqual(DRAFT);
  });

  it("leaves out what is empty", () => {
    expect(inputOf({ name: "  ", category: " ", tags: [], text: "x" })).toEqual({ name: null, prompt_text: "x", metadata: {} });
    expect(draftOf({ name: null, prompt_text: "x", metadata: {} })).toEqual({ name: "", category: "", tags: [], text: "x" });
  });

  it("keeps the text to the letter, and trims the rest", () => {
    expect(inputOf({ ...DRAFT, name: " Reply ", text: " x \n" })).toMatchObject({ name: "Reply", prompt_text: " x \n" });
    expect(sameDraft(DRAFT, { ...DRAFT, name: "Reply " })).toBe(true);
    expect(sameDraft(DRAFT, { ...DRAFT, text: "Hello {{name}} " })).toBe(false);
  });

  it("reads metadata of any shape", () => {
    expect(filingOf({ category: 3, tags: "a" })).toEqual({ category: "", tags: [] });
    expect(filingOf({ tags: ["a", 1, null, "b"] })).toEqual({ category: "", tags: ["a", "b"] });
  });

  it("knows the form's field of a request's field", () => {
    expect(["name", "prompt_text", "metadata.category", "metadata.tags[3]", "metadata", "x"].map(fieldOf)).toEqual(["name", "text", "category", "tags", null, null]);
  });
});

describe("titleOf", () => {
  it("is the name, or how the text begins", () => {
    expect(titleOf({ name: "Reply", prompt_text: "x" })).toBe("Reply");
    expect(titleOf({ name: null, prompt_text: "\n\n You are kind. \nMore" })).toBe("You are kind. ");
    expect(titleOf({ name: "", prompt_text: "😀".repeat(90) })).toBe(`${"😀".repeat(80)}…`);
  });
});

describe("lengths", () => {
  it("are counted in code points and never cut one", () => {
    expect(lengthOf("a😀é")).toBe(3);
    expect(clip("a😀é", 2)).toBe("a😀");
    expect(clip("ab", 5)).toBe("ab");
  });

  it("of a copy's name stay within the limit", () => {
    const wrap = (name: string) => `${name} (copy)`;
    expect(copyName("Reply", wrap)).toBe("Reply (copy)");
    expect(lengthOf(copyName("😀".repeat(100), wrap))).toBe(LIMITS.name);
  });
});

describe("withTags", () => {
  it("takes several at once, each once", () => {
    expect(withTags(["mail"], " Mail, client ,,client، عميل，客户")).toEqual(["mail", "client", "عميل", "客户"]);
    expect(withTags(["mail"], "   ")).toEqual(["mail"]);
  });

  it("keeps to the limits", () => {
    const many = Array.from({ length: 30 }, (_, i) => `t${i}`).join(",");
    expect(withTags([], many)).toHaveLength(LIMITS.tags);
    expect(withTags([], "x".repeat(80))).toEqual(["x".repeat(LIMITS.tag)]);
  });
});
