import type { Locale } from "@/lib/i18n-config";

import type { Messages } from ".";

type Files = Record<Locale, () => Promise<Partial<Messages>>>;

/** One lazy chunk per language; the bundler needs each import written out. */
const files: Files = {
  en: () => import("./en/signed-out"),
  de: () => import("./de/signed-out"),
  es: () => import("./es/signed-out"),
  fr: () => import("./fr/signed-out"),
  pt: () => import("./pt/signed-out"),
  zh: () => import("./zh/signed-out"),
  ja: () => import("./ja/signed-out"),
  ar: () => import("./ar/signed-out"),
};

/** For the pages that need no session. */
export function loadSignedOut(locale: Locale): Promise<Partial<Messages>> {
  return files[locale]();
}
