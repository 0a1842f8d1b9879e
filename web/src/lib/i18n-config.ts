/** The languages of the UI, named in themselves. English is the source; the rest are lazy files. */
export const LOCALES = {
  en: { name: "English", dir: "ltr" },
  de: { name: "Deutsch", dir: "ltr" },
  es: { name: "Español", dir: "ltr" },
  fr: { name: "Français", dir: "ltr" },
  pt: { name: "Português", dir: "ltr" },
  zh: { name: "中文", dir: "ltr" },
  ja: { name: "日本語", dir: "ltr" },
  ar: { name: "العربية", dir: "rtl" },
} as const;

export type Locale = keyof typeof LOCALES;
export const DEFAULT_LOCALE: Locale = "en";
export const LOCALE_KEY = "agentgen.locale";

export function isLocale(value: unknown): value is Locale {
  return typeof value === "string" && Object.hasOwn(LOCALES, value);
}

/** The first of the wanted languages ("de-AT", "fr") that there is. */
export function matchLocale(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (isLocale(language)) return language;
  }
  return DEFAULT_LOCALE;
}

/**
 * Runs in the page's head before anything is painted: sets language and direction, and hides the page
 * until the messages are there when they are not the English ones it was exported with.
 */
export const LOCALE_SCRIPT = `(function(){try{var n=${JSON.stringify(Object.keys(LOCALES))},l=localStorage.getItem("${LOCALE_KEY}"),i,t;if(n.indexOf(l)<0){l="en";t=navigator.languages||[];for(i=0;i<t.length;i++){var c=t[i].toLowerCase().split("-")[0];if(n.indexOf(c)>=0){l=c;break}}}var d=document.documentElement;d.lang=l;d.dir=l==="ar"?"rtl":"ltr";if(l!=="en")d.setAttribute("data-locale-pending","")}catch(e){}})()`;
