"use client";

import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { IntlProvider } from "use-intl";

import type { Messages } from "@/messages";

import { DEFAULT_LOCALE, LOCALES, LOCALE_KEY, isLocale, matchLocale, type Locale } from "./i18n-config";

export { useFormatter, useLocale, useTranslations as useT } from "use-intl";

type Loader = (locale: Locale) => Promise<Partial<Messages>>;

interface LocaleChoice {
  locale: Locale;
  setLocale: (locale: Locale) => void;
}

interface LocaleState extends LocaleChoice {
  messages: Partial<Messages>;
}

const LocaleContext = createContext<LocaleState>({ locale: DEFAULT_LOCALE, setLocale: () => undefined, messages: {} });

function storedLocale(): Locale {
  const stored = window.localStorage.getItem(LOCALE_KEY);
  return isLocale(stored) ? stored : matchLocale(navigator.languages);
}

/**
 * Gives the messages below it. `english` is what the page was exported with; another language is
 * loaded and swapped in whole, so that no screen mixes two.
 */
export function MessagesProvider({ english, load, children }: { english: Partial<Messages>; load: Loader; children: ReactNode }) {
  const [wanted, setWanted] = useState<Locale>(DEFAULT_LOCALE);
  const [shown, setShown] = useState<{ locale: Locale; messages: Partial<Messages> }>({ locale: DEFAULT_LOCALE, messages: english });

  useEffect(() => setWanted(storedLocale()), []);

  useEffect(() => {
    let current = true;
    const show = (locale: Locale, messages: Partial<Messages>) => {
      if (!current) return;
      setShown({ locale, messages });
      document.documentElement.lang = locale;
      document.documentElement.dir = LOCALES[locale].dir;
      if (wanted === storedLocale()) document.documentElement.removeAttribute("data-locale-pending");
    };
    if (wanted === DEFAULT_LOCALE) show(DEFAULT_LOCALE, english);
    else load(wanted).then((messages) => show(wanted, messages), () => show(DEFAULT_LOCALE, english));
    return () => {
      current = false;
    };
  }, [wanted, english, load]);

  const setLocale = useCallback((locale: Locale) => {
    window.localStorage.setItem(LOCALE_KEY, locale);
    setWanted(locale);
  }, []);
  const state = useMemo(() => ({ ...shown, setLocale }), [shown, setLocale]);

  return (
    <LocaleContext value={state}>
      <IntlProvider locale={shown.locale} messages={shown.messages} timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone}>
        {children}
      </IntlProvider>
    </LocaleContext>
  );
}

/**
 * The English messages of one screen, or of a part of it that is loaded later, so that no page carries those
 * of all. Other languages have all of theirs in one file that is loaded once.
 */
export function ScreenMessages({ english, children }: { english: Partial<Messages>; children: ReactNode }) {
  const around = useContext(LocaleContext);
  const { locale } = around;
  const state = useMemo(() => (locale === DEFAULT_LOCALE ? { ...around, messages: { ...around.messages, ...english } } : around), [locale, around, english]);
  return (
    <LocaleContext value={state}>
      <IntlProvider locale={locale} messages={state.messages} timeZone={Intl.DateTimeFormat().resolvedOptions().timeZone}>{children}</IntlProvider>
    </LocaleContext>
  );
}

export function useLocaleChoice(): LocaleChoice {
  return useContext(LocaleContext);
}
