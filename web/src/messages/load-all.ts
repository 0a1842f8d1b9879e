import type { Locale } from "@/lib/i18n-config";

import type { Messages } from ".";

type Files = Record<Locale, () => Promise<Partial<Messages>>>;

/** One lazy chunk per language; the bundler needs each import written out. */
const files: Files = {
  en: () => import("./en/all"),
  de: () => import("./de/all"),
  es: () => import("./es/all"),
  fr: () => import("./fr/all"),
  pt: () => import("./pt/all"),
  zh: () => import("./zh/all"),
  ja: () => import("./ja/all"),
  ar: () => import("./ar/all"),
};

/** For the pages of the app. */
export function loadAll(locale: Locale): Promise<Partial<Messages>> {
  return files[locale]();
}
