import type { Locale } from "@/lib/i18n-config";

import type { Messages } from ".";

type Files = Record<Locale, () => Promise<Partial<Messages>>>;

/** One lazy chunk per language and part of the app; the bundler needs each import written out. */
const signedOut: Files = {
  en: () => import("./en/signed-out"),
  de: () => import("./de/signed-out"),
  es: () => import("./es/signed-out"),
  fr: () => import("./fr/signed-out"),
  pt: () => import("./pt/signed-out"),
  zh: () => import("./zh/signed-out"),
  ja: () => import("./ja/signed-out"),
  ar: () => import("./ar/signed-out"),
};

const visitor: Files = {
  en: () => import("./en/visitor-pages"),
  de: () => import("./de/visitor-pages"),
  es: () => import("./es/visitor-pages"),
  fr: () => import("./fr/visitor-pages"),
  pt: () => import("./pt/visitor-pages"),
  zh: () => import("./zh/visitor-pages"),
  ja: () => import("./ja/visitor-pages"),
  ar: () => import("./ar/visitor-pages"),
};

const all: Files = {
  en: () => import("./en/all"),
  de: () => import("./de/all"),
  es: () => import("./es/all"),
  fr: () => import("./fr/all"),
  pt: () => import("./pt/all"),
  zh: () => import("./zh/all"),
  ja: () => import("./ja/all"),
  ar: () => import("./ar/all"),
};

/** For the pages that need no session. */
export function loadSignedOut(locale: Locale): Promise<Partial<Messages>> {
  return signedOut[locale]();
}

/** For the pages of whoever has a link. */
export function loadVisitor(locale: Locale): Promise<Partial<Messages>> {
  return visitor[locale]();
}

export function loadAll(locale: Locale): Promise<Partial<Messages>> {
  return all[locale]();
}
