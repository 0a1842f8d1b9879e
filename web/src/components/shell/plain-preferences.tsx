"use client";

import { Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";

import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import { useLocaleChoice, useT } from "@/lib/i18n";
import { LOCALES, isLocale } from "@/lib/i18n-config";

/** The language as a plain select: signed-out pages go without the code of menus. */
export function LanguageSelect() {
  const t = useT("core");
  const { locale, setLocale } = useLocaleChoice();
  return (
    <Select className="w-auto" aria-label={t("language")} value={locale} onChange={(event) => { if (isLocale(event.target.value)) setLocale(event.target.value); }}>
      {Object.entries(LOCALES).map(([code, { name }]) => <option key={code} value={code} lang={code}>{name}</option>)}
    </Select>
  );
}

export function ThemeToggle() {
  const t = useT("core.palette");
  const { resolvedTheme, setTheme } = useTheme();
  return (
    <Button variant="ghost" size="icon" aria-label={t("switch_theme")} onClick={() => setTheme(resolvedTheme === "dark" ? "light" : "dark")}>
      <Sun className="dark:hidden" />
      <Moon className="hidden dark:block" />
    </Button>
  );
}
