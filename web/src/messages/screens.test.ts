import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

const ROOT = path.resolve(import.meta.dirname, "..");
const APP = path.join(ROOT, "app");
/** Bring other languages, whole, when they are wanted: what they import comes with no page. */
const LOADERS = /messages\/load-[a-z-]+\.ts$/;

function resolve(from: string, specifier: string): string | null {
  let base: string;
  if (specifier.startsWith("@/")) base = path.join(ROOT, specifier.slice(2));
  else if (specifier.startsWith(".")) base = path.resolve(path.dirname(from), specifier);
  else return null;
  return ["", ".ts", ".tsx", "/index.ts"].map((suffix) => base + suffix).find((file) => existsSync(file) && statSync(file).isFile()) ?? null;
}

/** Every file that `file` imports, now or later, itself included. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file) || LOADERS.test(file)) return seen;
  seen.add(file);
  if (!/\.tsx?$/.test(file)) return seen;
  // A type is gone before anything is loaded.
  const source = readFileSync(file, "utf8").replaceAll(/^(?:import|export) type [^;]*;/gm, "");
  for (const [, specifier = ""] of source.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
    const found = resolve(file, specifier);
    if (found) reach(found, seen);
  }
  return seen;
}

function pagesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) return pagesBelow(full);
    return entry.name === "page.tsx" ? [full] : [];
  });
}

const all = (source: string, pattern: RegExp) => [...source.matchAll(pattern)].map(([, name = ""]) => name);

/** Namespaces whose texts the screen shows. */
function used(files: Iterable<string>): Set<string> {
  const names = new Set<string>();
  for (const file of files) {
    if (/\.tsx?$/.test(file)) all(readFileSync(file, "utf8"), /use(?:T|Translations)\("([a-z]+)/g).forEach((name) => names.add(name));
  }
  return names;
}

/** Namespaces whose English texts come with the page. */
function carried(files: Iterable<string>): Set<string> {
  return new Set([...files].flatMap((file) => all(file, /\/messages\/en\/([a-z]+)\.json$/g)));
}

describe("a page carries the English messages of its own screen", () => {
  const pages = pagesBelow(APP);
  it.each(pages.map((page) => [path.relative(APP, page), page] as const))("%s", (_name, page) => {
    const layout = path.join(APP, /\(\w+\)/.exec(page)?.[0] ?? "", "layout.tsx");
    const files = reach(layout, reach(page));
    const there = carried(files);
    expect([...used(files)].filter((name) => !there.has(name))).toEqual([]);
    // Nor does it carry those of another screen.
    expect([...there].filter((name) => !used(files).has(name))).toEqual([]);
  });
});
