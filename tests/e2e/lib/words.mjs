// The words on the screens, out of the UI's own message files: a control is found by its name in every language.
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../web/src/messages/', import.meta.url));

/** Every language of the UI, and which way it is written. */
export const LOCALES = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();

export const dirOf = (locale) => (locale === 'ar' ? 'rtl' : 'ltr');

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
