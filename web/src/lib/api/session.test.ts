import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

const SOURCES = path.resolve(import.meta.dirname, "../..");
const PERMISSIONS = path.resolve(SOURCES, "../../docs/permissions.md");

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) return sourcesBelow(full);
    return /(?<!\.test)\.tsx?$/.test(entry.name) ? [full] : [];
  });
}

describe("what is asked about permissions", () => {
  const known = new Set([...readFileSync(PERMISSIONS, "utf8").matchAll(/^\| `([a-z]+:[a-z]+)`/gm)].map(([, name = ""]) => name));

  it("names those that there are", () => {
    expect(known).toContain("account:read");
    const asked = sourcesBelow(SOURCES).flatMap((file) =>
      [...readFileSync(file, "utf8").matchAll(/(?:usePermission\(|permission: |permission=)"([^"]+)"/g)].map(([, name = ""]) => name));
    expect(asked.filter((name) => !known.has(name))).toEqual([]);
  });
});
