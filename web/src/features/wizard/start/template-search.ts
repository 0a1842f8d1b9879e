import type { Template } from "@/lib/api/schema";

/** The categories that there are, in the order in which templates name them. */
export function categoriesOf(templates: readonly Pick<Template, "category">[]): string[] {
  return [...new Set(templates.map(({ category }) => category))];
}

/** Templates of a category (null: all) that hold every word that was typed. */
export function findTemplates(templates: readonly Template[], { category, query }: { category: string | null; query: string }): Template[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return templates.filter((template) => {
    if (category !== null && template.category !== category) return false;
    const text = [template.name, template.description, template.category, ...template.sample_questions].join("\n").toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  });
}
