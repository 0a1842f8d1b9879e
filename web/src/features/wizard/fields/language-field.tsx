"use client";

import { useMemo } from "react";
import { useController } from "react-hook-form";

import { useLocale, useT } from "@/lib/i18n";

import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { Combobox, ComboGroup, ComboItem } from "./combobox";
import { FormField } from "./form-field";

const CODES = [
  "en", "de", "fr", "es", "pt", "it", "nl", "pl", "cs", "sv", "da", "nb", "fi", "uk", "ru", "tr", "el", "ro", "hu", "bg", "ar", "he", "fa", "hi", "bn", "ur",
  "zh", "ja", "ko", "vi", "th", "id",
] as const;

interface Language {
  /** As the model is told it: in English. */
  value: string;
  /** As it is called in the reader's language. */
  label: string;
}

function useLanguages(): Language[] {
  const locale = useLocale();
  return useMemo(() => {
    const english = new Intl.DisplayNames("en", { type: "language" });
    const own = new Intl.DisplayNames(locale, { type: "language" });
    const list = CODES.map((code) => ({ value: english.of(code) ?? code, label: own.of(code) ?? code }));
    return list.sort((a, b) => a.label.localeCompare(b.label, locale));
  }, [locale]);
}

/** The language of the answers: one of many, any other by its name, or that of the question. */
export function LanguageField() {
  const t = useT("wizard.language");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.language" });
  const languages = useLanguages();
  const current = languages.find(({ value }) => value === field.value)?.label ?? (field.value || t("of_question"));
  return (
    <FormField path="config.language" label={t("label")} hint={t("hint")}>
      <Combobox label={t("label")} current={current} shown={current} placeholder={t("search")} empty={t("empty")}>
        {({ query, close }) => {
          const pick = (value: string) => () => {
            field.onChange(value);
            close();
          };
          const known = languages.some(({ value, label }) => [value, label].some((name) => name.toLocaleLowerCase() === query.toLocaleLowerCase()));
          return (
            <>
              <ComboGroup>
                <ComboItem value={t("of_question")} selected={field.value === ""} onSelect={pick("")}>{t("of_question")}</ComboItem>
              </ComboGroup>
              <ComboGroup>
                {languages.map(({ value, label }) => (
                  <ComboItem key={value} value={`${label} ${value}`} selected={field.value === value} onSelect={pick(value)}>{label}</ComboItem>
                ))}
              </ComboGroup>
              {query.length > 1 && !known ? (
                <ComboGroup>
                  <ComboItem value={`typed ${query}`} onSelect={pick(query.slice(0, LIMITS.language))}>{t("use_typed", { name: query })}</ComboItem>
                </ComboGroup>
              ) : null}
            </>
          );
        }}
      </Combobox>
    </FormField>
  );
}
