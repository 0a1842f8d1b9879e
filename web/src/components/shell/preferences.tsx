"use client";

import { Languages, Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";

import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuBareRadioItem, DropdownMenuContent, DropdownMenuLabel, DropdownMenuRadioGroup, DropdownMenuRadioItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { cn } from "@/lib/cn";
import { useLocaleChoice, useT } from "@/lib/i18n";
import { LOCALES, isLocale } from "@/lib/i18n-config";
import { ACCENTS, useUi, type Accent } from "@/lib/store";

const THEMES = [
  { value: "light", icon: Sun },
  { value: "dark", icon: Moon },
  { value: "system", icon: Monitor },
] as const;

export function LanguageMenu() {
  const t = useT("core");
  const { locale, setLocale } = useLocaleChoice();
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t("language")}><Languages /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuLabel>{t("language")}</DropdownMenuLabel>
        <DropdownMenuRadioGroup value={locale} onValueChange={(value) => { if (isLocale(value)) setLocale(value); }}>
          {Object.entries(LOCALES).map(([code, { name }]) => (
            <DropdownMenuRadioItem key={code} value={code} lang={code}>{name}</DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

/** The chosen one has a ring; the outline is left to the focus. */
const swatchClass = "swatch size-6 rounded-full border-2 border-popover ring-2 ring-transparent aria-checked:ring-ring";

/** The accents as swatches; the colour is the token itself under each accent's name. */
export function AccentPicker() {
  const t = useT("core.theme");
  const accent = useUi((state) => state.accent);
  const setAccent = useUi((state) => state.setAccent);
  return (
    <div role="radiogroup" aria-label={t("accent")} className="flex gap-2">
      {ACCENTS.map((name: Accent) => (
        <button
          key={name}
          type="button"
          role="radio"
          aria-checked={accent === name}
          aria-label={t(`accents.${name}`)}
          title={t(`accents.${name}`)}
          data-accent={name}
          onClick={() => setAccent(name)}
          className={swatchClass}
        />
      ))}
    </div>
  );
}

/** The same as entries of a menu, which may hold nothing else; it stays open to try several. */
function AccentEntries() {
  const t = useT("core.theme");
  const accent = useUi((state) => state.accent);
  const setAccent = useUi((state) => state.setAccent);
  return (
    <DropdownMenuRadioGroup value={accent} aria-label={t("accent")} className="flex gap-2 px-2.5 pb-1.5">
      {ACCENTS.map((name) => (
        <DropdownMenuBareRadioItem
          key={name}
          value={name}
          aria-label={t(`accents.${name}`)}
          title={t(`accents.${name}`)}
          data-accent={name}
          onSelect={(event) => {
            event.preventDefault();
            setAccent(name);
          }}
          className={cn(swatchClass, "cursor-pointer")}
        />
      ))}
    </DropdownMenuRadioGroup>
  );
}

export function ThemeMenu() {
  const t = useT("core.theme");
  const { theme = "system", setTheme } = useTheme();
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={t("label")}>
          <Sun className="dark:hidden" />
          <Moon className="hidden dark:block" />
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuLabel>{t("label")}</DropdownMenuLabel>
        <DropdownMenuRadioGroup value={theme} onValueChange={setTheme}>
          {THEMES.map(({ value, icon: Icon }) => (
            <DropdownMenuRadioItem key={value} value={value}><Icon />{t(value)}</DropdownMenuRadioItem>
          ))}
        </DropdownMenuRadioGroup>
        <DropdownMenuSeparator />
        <DropdownMenuLabel>{t("accent")}</DropdownMenuLabel>
        <AccentEntries />
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
