import type { Locale } from "@/lib/i18n-config";

import type { Messages } from ".";

type Files = Record<Locale, () => Promise<Partial<Messages>>>;

/** One lazy chunk per language; the bundler needs each import written out. */
const files: Files = {
  en: () => import("./en/visitor-pages"),
  de: () => import("./de/visitor-pages"),
  es: () => import("./es/visitor-pages"),
  fr: () => import("./fr/visitor-pages"),
  pt: () => import("./pt/visitor-pages"),
  zh: () => import("./zh/visitor-pages"),
  ja: () => import("./ja/visitor-pages"),
  ar: () => import("./ar/visitor-pages"),
};

/** For the pages of whoever has a link. */
export function loadVisitor(locale: Locale): Promise<Partial<Messages>> {
  return files[locale]();
}
