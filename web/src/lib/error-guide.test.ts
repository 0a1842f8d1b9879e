import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import english from "@/messages/en/errors.json";

import { remedyOf, topicOf } from "./error-guide";

const table = readFileSync("../docs/errors.md", "utf8");
const codes = [...table.matchAll(/^\| `([a-z_]+)` \| (\d+) \| (yes|no) \|/gm)].map(([, code = "", status, again]) => ({ code, status: Number(status), again: again === "yes" }));

describe("the explanations of error codes", () => {
  it("reads the server's error table", () => expect(codes.length).toBeGreaterThan(30));

  it("knows every way in which a provider fails", () => {
    const unknown = codes.filter(({ code }) => code.startsWith("upstream_") && topicOf(code) === "unknown");
    expect(unknown).toEqual([]);
  });

  it("knows everything that is worth another try on the server's side", () => {
    const unknown = codes.filter(({ status, again }) => again && status >= 500).filter(({ code }) => topicOf(code) === "unknown");
    expect(unknown).toEqual([]);
  });

  it("has words for each", () => {
    for (const { code } of codes) expect(english.guide[topicOf(code)].cause).not.toBe("");
  });

  it("calls the rest unknown and sends nobody anywhere", () => {
    expect(topicOf("a_code_of_tomorrow")).toBe("unknown");
    expect(topicOf("constructor")).toBe("unknown");
    expect(topicOf(null)).toBe("unknown");
    expect(remedyOf("unknown")).toBeNull();
    expect(remedyOf("provider_busy")).toBeNull();
    expect(remedyOf(topicOf("upstream_auth_failed"))).toBe("providers");
  });
});
