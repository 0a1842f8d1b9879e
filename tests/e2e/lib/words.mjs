// The words on the screens, out of the UI's own message files: a control is found by its name in every language.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../web/src/messages/', import.meta.url));

/** Every language of the UI, and which way it is written. */
export const LOCALES = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();

const read = new Map();

function namespace(locale, name) {
  const key = `${locale}/${name}`;
  if (!read.has(key)) read.set(key, JSON.parse(readFileSync(`${folder}${key}.json`, 'utf8')));
  return read.get(key);
}

/** The text of `namespace.path.to.it` in a language, simple `{values}` filled in. */
export function words(locale) {
  return (path, values = {}) => {
    const [name, ...steps] = path.split('.');
    const text = steps.reduce((at, step) => at?.[step], namespace(locale, name));
    if (typeof text !== 'string') throw new Error(`no text ${path} in ${locale}`);
    return text.replaceAll(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
  };
}

/** What a text looks like that is not there: its key, or a pattern that was not filled in. */
const NAMESPACES = readdirSync(`${folder}en`).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length));
const RAW = new RegExp(`\\b(?:${NAMESPACES.join('|')})(?:\\.[a-z_0-9]+){2,}\\b|\\{[a-z_]+, (?:plural|select|number|date)`, 'g');

/** What is wrong with the words of a screen in this language: [text]. */
export async function wordFaults(page, locale, { exempt }) {
  const { lang, dir, text } = await page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir, text: document.body.innerText }));
  const faults = exempt ? [] : text.match(RAW) ?? [];
  if (lang !== locale) faults.push(`lang is ${lang}`);
  if (dir !== (locale === 'ar' ? 'rtl' : 'ltr')) faults.push(`dir is ${dir}`);
  return faults;
}
