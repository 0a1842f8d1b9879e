import { describe, expect, it } from "vitest";

import { lacking, valuesToSend } from "./test-values";

const variable = (name: string, rest: Partial<{ type: "string" | "number" | "boolean"; required: boolean; default: string }> = {}) => ({
  name, type: "string" as const, required: false, default: "", description: "", ...rest,
});

describe("valuesToSend", () => {
  it("gives each value its type and leaves the rest to the defaults", () => {
    const variables = [variable(" city "), variable("n", { type: "number" }), variable("b", { type: "boolean" }), variable("none"), variable("")];
    expect(valuesToSend(variables, { city: "Graz", n: "2.5", b: "false", other: "x" })).toEqual({ city: "Graz", n: 2.5, b: false });
    expect(valuesToSend([variable("n", { type: "number" })], { n: "many" })).toEqual({ n: "many" });
  });
});

describe("lacking", () => {
  it("names what must be given", () => {
    const variables = [variable("a", { required: true }), variable("b", { required: true, default: "x" }), variable("c")];
    expect(lacking(variables, {})).toEqual(["a"]);
    expect(lacking(variables, { a: "1" })).toEqual([]);
  });
});
