import { readdirSync, readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { Template } from "@/lib/api/schema";
import en from "@/messages/en/start.json";

import { categoryKey } from "./categories";
import { hasTemplateIcon } from "./template-icons";
import { categoriesOf, findTemplates } from "./template-search";

const template = (id: string, category: string, name: string, description: string): Template => ({
  id, category, name, description, icon: "bot", config: {}, sample_questions: ["How do I begin?"],
});
const ALL = [template("a", "Data", "Extractor", "Reads invoices"), template("b", "Work", "Minutes", "Writes up meetings"), template("c", "Data", "SQL", "Writes queries")];

describe("findTemplates", () => {
  const ids = (category: string | null, query: string) => findTemplates(ALL, { category, query }).map(({ id }) => id);

  it("wants every word, anywhere, in the category", () => {
    expect(ids(null, "")).toEqual(["a", "b", "c"]);
    expect(ids("Data", "")).toEqual(["a", "c"]);
    expect(ids(null, " WRITES  queries ")).toEqual(["c"]);
    expect(ids("Work", "invoices")).toEqual([]);
    expect(ids(null, "begin")).toEqual(["a", "b", "c"]);
  });

  it("lists categories once", () => {
    expect(categoriesOf(ALL)).toEqual(["Data", "Work"]);
  });
});

describe("the templates of the server", () => {
  const folder = "../src/core/templates";
  const templates = readdirSync(folder).filter((name) => name.endsWith(".json") && name !== "index.json")
    .map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Template);

  it("have an icon and a category that the gallery knows", () => {
    expect(templates.length).toBeGreaterThanOrEqual(14);
    for (const { name, icon, category } of templates) {
      expect(hasTemplateIcon(icon), `${name}: ${icon}`).toBe(true);
      expect(Object.keys(en.category), `${name}: ${category}`).toContain(categoryKey(category));
    }
  });
});
