"use client";

import { Monitor, Moon, Sun } from "lucide-react";
import { useTheme } from "next-themes";
import { useId, type ReactNode } from "react";

import { AccentPicker } from "@/components/shell/preferences";
import { Card } from "@/components/ui/card";
import { Segmented } from "@/components/ui/segmented";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/switch";
import { useLocaleChoice, useT } from "@/lib/i18n";
import { LOCALES, isLocale } from "@/lib/i18n-config";
import { useUi } from "@/lib/store";

function Row({ title, description, children, labelId }: { title: string; description: string; children: ReactNode; labelId?: string }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-b px-5 py-4 last:border-0">
      <div className="grid gap-0.5">
        <span id={labelId} className="text-sm font-medium">{title}</span>
        <span className="text-sm text-muted-foreground">{description}</span>
      </div>
      {children}
    </div>
  );
}

export function AppearanceSection() {
  const t = useT("settings.appearance");
  const tTheme = useT("core.theme");
  const { theme = "system", setTheme } = useTheme();
  const { locale, setLocale } = useLocaleChoice();
  const collapsed = useUi((state) => state.sidebarCollapsed);
  const setCollapsed = useUi((state) => state.setSidebarCollapsed);
  const sidebarId = useId();
  return (
    <Card>
      <Row title={t("theme")} description={t("theme_description")}>
        <Segmented
          label={t("theme")}
          value={theme}
          onChange={setTheme}
          options={[
            { value: "light", label: <><Sun aria-hidden="true" />{tTheme("light")}</> },
            { value: "dark", label: <><Moon aria-hidden="true" />{tTheme("dark")}</> },
            { value: "system", label: <><Monitor aria-hidden="true" />{tTheme("system")}</> },
          ]}
        />
      </Row>
      <Row title={t("accent")} description={t("accent_description")}><AccentPicker /></Row>
      <Row title={t("language")} description={t("language_description")}>
        <Select className="w-44" aria-label={t("language")} value={locale} onChange={(event) => { if (isLocale(event.target.value)) setLocale(event.target.value); }}>
          {Object.entries(LOCALES).map(([code, { name }]) => <option key={code} value={code} lang={code}>{name}</option>)}
        </Select>
      </Row>
      <Row title={t("sidebar")} description={t("sidebar_description")} labelId={sidebarId}>
        <Switch checked={collapsed} onCheckedChange={setCollapsed} aria-labelledby={sidebarId} />
      </Row>
    </Card>
  );
}
