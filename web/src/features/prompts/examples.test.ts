import { describe, expect, it } from "vitest";

import { variableNames } from "@/components/editor/variables";

import { exampleName, EXAMPLES } from "./example-names";
import { EXAMPLE_TEXTS } from "./examples";

describe("examples", () => {
  it.each(EXAMPLES)("%s is a prompt worth starting from", (name) => {
    const text = EXAMPLE_TEXTS[name];
    expect(text.length).toBeGreaterThan(300);
    expect(text).toBe(text.trim());
    expect(variableNames(text).length).toBeGreaterThan(0);
    expect(text.split("{{").length).toBe(text.split("}}").length);
  });

  it("are opened by their names alone", () => {
    expect(exampleName("explain")).toBe("explain");
    expect(exampleName("constructor")).toBeNull();
    expect(exampleName(null)).toBeNull();
  });
});
