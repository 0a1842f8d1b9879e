import { readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import texts from "@/messages/en/permissions.json";

import { grouped } from "./permissions";

const TABLE = path.resolve(import.meta.dirname, "../../../../docs/permissions.md");
const known = [...readFileSync(TABLE, "utf8").matchAll(/^\| `([a-z]+:[a-z]+)` \| ([^|]+) \|/gm)].map(([, name = "", doc = ""]) => ({ name, doc }));

describe("permissions", () => {
  it("are called what the server calls them, one by one", () => {
    expect(known.length).toBeGreaterThan(20);
    expect(Object.fromEntries(known.map(({ name, doc }) => [name.replace(":", "_"), doc]))).toEqual(texts.name);
  });

  it("stand in groups that have names", () => {
    const groups = grouped(known);
    expect(groups.map(({ group }) => group)).toEqual(Object.keys(texts.group));
    expect(groups.flatMap(({ permissions }) => permissions)).toHaveLength(known.length);
  });
});
