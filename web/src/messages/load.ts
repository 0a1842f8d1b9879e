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

export function loadAll(locale: Locale): Promise<Partial<Messages>> {
  return all[locale]();
}
