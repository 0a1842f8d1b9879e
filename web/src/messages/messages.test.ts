import { TYPE, parse, type MessageFormatElement } from "@formatjs/icu-messageformat-parser";
import { createTranslator } from "use-intl";
import { beforeAll, describe, expect, it } from "vitest";

import { DEFAULT_LOCALE, LOCALES, isLocale, type Locale } from "@/lib/i18n-config";

import * as english from "./en/all";
import { loadAll } from "./load-all";

interface Tree {
  [key: string]: string | Tree;
}
type Texts = Record<string, string>;

const NAMESPACES = Object.keys(english) as (keyof typeof english)[];
const NAMES = Object.keys(LOCALES).filter(isLocale);
const TRANSLATIONS = NAMES.filter((locale) => locale !== DEFAULT_LOCALE);

/** What people count to, with every number that some language treats on its own; French and others know millions. */
const COUNTS = [...Array.from({ length: 121 }, (_, i) => i), 1_000, 1_000_000, 2_000_000];
const DAY = new Date("2026-02-03T04:05:06Z");
const LONG = 25;

const trees = {} as Record<Locale, Record<string, Tree>>;

beforeAll(async () => {
  for (const locale of NAMES) trees[locale] = { ...(await loadAll(locale)) };
});

function flat(tree: Tree, path = ""): Texts {
  return Object.entries(tree).reduce<Texts>(
    (texts, [key, value]) => ({ ...texts, ...(typeof value === "string" ? { [path + key]: value } : flat(value, `${path}${key}.`)) }),
    {},
  );
}

function textsOf(locale: Locale, namespace: string): Texts {
  return flat(trees[locale][namespace] ?? {});
}

/** Every element of a message, those inside plurals, choices and tags too. */
function elements(message: string): MessageFormatElement[] {
  const all = (list: MessageFormatElement[]): MessageFormatElement[] => list.flatMap((element) => {
    if (element.type === TYPE.tag) return [element, ...all(element.children)];
    if (element.type === TYPE.plural || element.type === TYPE.select) return [element, ...Object.values(element.options).flatMap(({ value }) => all(value))];
    return [element];
  });
  return all(parse(message));
}

/** What a caller has to give: each argument with how it is used, and each tag. */
function needs(message: string): string[] {
  const found = elements(message).flatMap((element) => {
    switch (element.type) {
      case TYPE.literal:
      case TYPE.pound:
        return [];
      case TYPE.tag:
        return [`<${element.value}>`];
      case TYPE.plural:
        return [`{${element.value}, ${element.pluralType}}`];
      case TYPE.select:
        return [`{${element.value}, select: ${Object.keys(element.options).sort().join("|")}}`];
      default:
        return [`{${element.value}, ${TYPE[element.type]}}`];
    }
  });
  return [...new Set(found)].sort();
}

function words(message: string): string {
  return elements(message).map((element) => (element.type === TYPE.literal ? element.value : "")).join("");
}

/** The plural categories that some count falls into and that the message has no words for. */
function missingCategories(locale: Locale, message: string): string[] {
  return elements(message).flatMap((element) => {
    if (element.type !== TYPE.plural) return [];
    const rules = new Intl.PluralRules(locale, { type: element.pluralType });
    const open = COUNTS.filter((count) => !(`=${count}` in element.options)).map((count) => rules.select(count - element.offset));
    return [...new Set(open)].filter((category) => !(category in element.options)).map((category) => `{${element.value}} ${category}`);
  });
}

/** The message as the app writes it, for every count that matters. */
function written(locale: Locale, namespace: string, key: string, message: string): string[] {
  const onError = (error: Error) => {
    throw error;
  };
  const t = createTranslator({ locale, messages: trees[locale], timeZone: "UTC", onError });
  const write = t.rich as unknown as (key: string, values: Record<string, unknown>) => unknown;
  const parts = elements(message);
  const counts = parts.some(({ type }) => type === TYPE.plural || type === TYPE.number) ? COUNTS : [1];
  const choices = parts.flatMap((element) => (element.type === TYPE.select ? Object.keys(element.options) : []));
  return counts.flatMap((count) => (choices.length ? choices : [""]).map((choice) => {
    const values = parts.map((element): [string, unknown] => {
      switch (element.type) {
        case TYPE.plural:
        case TYPE.number:
          return [element.value, count];
        case TYPE.select:
          return [element.value, choice];
        case TYPE.date:
        case TYPE.time:
          return [element.value, DAY];
        case TYPE.tag:
          return [element.value, (chunks: unknown) => chunks];
        default:
          return ["value" in element ? element.value : "", "Ada"];
      }
    });
    // A name may stand both in a plural and plainly; the typed use, which comes last, decides.
    const typed = values.sort(([, a], [, b]) => Number(a !== "Ada") - Number(b !== "Ada"));
    const text = write(`${namespace}.${key}`, Object.fromEntries(typed));
    return Array.isArray(text) ? text.flat(Infinity).join("") : String(text);
  }));
}

/** The keys whose message fails, with why; what a failing test shows. */
function failures(texts: Texts, check: (message: string, key: string) => string | string[] | false | undefined): string[] {
  return Object.entries(texts).flatMap(([key, message]) => {
    try {
      const found = check(message, key);
      return found && found.length > 0 ? [`${key}: ${String(found)}`] : [];
    } catch (error) {
      return [`${key}: ${String(error)}`];
    }
  });
}

describe.each(NAMESPACES)("%s", (namespace) => {
  describe.each(NAMES)("%s", (locale) => {
    it("says something for every key", () => {
      expect(failures(textsOf(locale, namespace), (message) => (message.trim() ? false : "empty"))).toEqual([]);
    });

    it("can be written", () => {
      expect(failures(textsOf(locale, namespace), (message, key) => (written(locale, namespace, key, message).every((text) => text.trim()) ? false : "nothing written"))).toEqual([]);
    });

    it("has words for every plural category of the language", () => {
      expect(failures(textsOf(locale, namespace), (message) => missingCategories(locale, message))).toEqual([]);
    });
  });

  describe.each(TRANSLATIONS)("%s", (locale) => {
    it("has the keys of English", () => {
      expect(Object.keys(textsOf(locale, namespace)).sort()).toEqual(Object.keys(textsOf(DEFAULT_LOCALE, namespace)).sort());
    });

    it("takes the arguments and tags of English", () => {
      const source = textsOf(DEFAULT_LOCALE, namespace);
      expect(failures(textsOf(locale, namespace), (message, key) => {
        const [given, wanted] = [needs(message), needs(source[key] ?? "")].map((list) => list.join(" "));
        return given === wanted ? false : `${given} instead of ${wanted}`;
      })).toEqual([]);
    });

    it("is translated", () => {
      const source = textsOf(DEFAULT_LOCALE, namespace);
      const isSentence = (message: string) => words(message).trim().length >= LONG && words(message).trim().includes(" ");
      expect(failures(textsOf(locale, namespace), (message, key) => (message === source[key] && isSentence(message) ? message : false))).toEqual([]);
    });
  });
});

describe("the checks themselves", () => {
  it("see what a message needs", () => {
    expect(needs("{n, plural, one {<b>{who}</b>} other {# by {who}}} at {at, date, long} {kind, select, a {A} other {B}}")).toEqual([
      "<b>", "{at, date}", "{kind, select: a|other}", "{n, cardinal}", "{who, argument}",
    ]);
  });

  it("see which categories have no words", () => {
    const two = "{n, plural, one {a} other {b}}";
    expect(missingCategories("en", two)).toEqual([]);
    expect(missingCategories("fr", two)).toEqual(["{n} many"]);
    expect(missingCategories("ar", two)).toEqual(["{n} zero", "{n} two", "{n} few", "{n} many"]);
    expect(missingCategories("ar", "{n, plural, =0 {z} =1 {a} =2 {b} few {c} many {d} other {e}}")).toEqual([]);
    expect(missingCategories("ja", "{n, plural, other {a}}")).toEqual([]);
  });
});
