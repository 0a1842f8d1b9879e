import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { checkVariables, findVariables, isVariableName, placeholderOf, variableNames } from "./variables";

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,20}$/);
/** Text that opens no braces of its own. */
const prose = fc.string({ unit: "grapheme" }).map((text) => text.replaceAll(/[{}]/g, ""));

describe("findVariables", () => {
  it("finds each use and where it stands", () => {
    expect(findVariables("Hi {{name}}, welcome to {{ company }}.")).toEqual([
      { name: "name", from: 3, to: 11 },
      { name: "company", from: 24, to: 37 },
    ]);
  });

  it("takes what is no name for text", () => {
    for (const text of ["{{}}", "{{ }}", "{{1st}}", "{{a b}}", "{name}", "{{name}", "{{a{b}}", "{{-x}}", "{{é}}", `{{${"x".repeat(65)}}}`]) {
      expect(findVariables(text), text).toEqual([]);
    }
  });

  it("finds the innermost of more braces", () => {
    expect(findVariables("{{{name}}}")).toEqual([{ name: "name", from: 1, to: 9 }]);
    expect(findVariables("{{ {{name}}")).toEqual([{ name: "name", from: 3, to: 11 }]);
  });

  it("finds all that were put in, in any text", () => {
    fc.assert(fc.property(fc.array(fc.tuple(prose, name)), prose, (parts, end) => {
      const text = parts.map(([before, variable]) => before + placeholderOf(variable)).join("") + end;
      const found = findVariables(text);
      expect(found.map((use) => use.name)).toEqual(parts.map(([, variable]) => variable));
      for (const use of found) expect(text.slice(use.from, use.to)).toBe(placeholderOf(use.name));
    }));
  });

  it("reads any text in time", () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom("{", "}", " ", "a", "\n", ".") }), (text) => {
      for (const use of findVariables(text)) expect(isVariableName(use.name)).toBe(true);
    }));
    expect(findVariables("{{ ".repeat(50_000))).toEqual([]);
  });
});

describe("variableNames", () => {
  it("names each once", () => {
    expect(variableNames("{{b}} {{a}} {{ b }}")).toEqual(["b", "a"]);
  });
});

describe("checkVariables", () => {
  it("tells what is unknown and what is unused", () => {
    expect(checkVariables("Hello {{name}} from {{city}}", ["name", "tone"])).toEqual({ unknown: ["city"], unused: ["tone"] });
  });

  it("looks at all texts together", () => {
    expect(checkVariables(["{{a}}", "{{b}}"], ["a", "b", "b"])).toEqual({ unknown: [], unused: [] });
  });
});
