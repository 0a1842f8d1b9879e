"use client";

import { KeyRound, Palette, Plug, User } from "lucide-react";

import { PageHeader } from "@/components/ui/page-header";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { AppearanceSection } from "./appearance-section";
import { KeysSection } from "./keys-section";
import { ModelsSection } from "./models-section";
import { PasswordSection } from "./password-section";
import { ProfileSection } from "./profile-section";

const TABS = [
  { name: "profile", icon: User },
  { name: "appearance", icon: Palette },
  { name: "keys", icon: KeyRound },
  { name: "models", icon: Plug },
] as const;

export function SettingsScreen() {
  const t = useT("settings");
  const [params, setParams] = useQueryState();
  const asked = params.get("tab");
  const tab = TABS.some(({ name }) => name === asked) ? (asked ?? "profile") : "profile";
  return (
    <div className="page max-w-4xl">
      <PageHeader title={t("title")} description={t("description")} />
      <Tabs value={tab} onValueChange={(name) => setParams({ tab: name === "profile" ? null : name })}>
        <TabsList aria-label={t("tabs.label")}>
          {TABS.map(({ name, icon: Icon }) => <TabsTrigger key={name} value={name}><Icon aria-hidden="true" />{t(`tabs.${name}`)}</TabsTrigger>)}
        </TabsList>
        <TabsContent value="profile" className="grid gap-5"><ProfileSection /><PasswordSection /></TabsContent>
        <TabsContent value="appearance"><AppearanceSection /></TabsContent>
        <TabsContent value="keys"><KeysSection /></TabsContent>
        <TabsContent value="models"><ModelsSection /></TabsContent>
      </Tabs>
    </div>
  );
}
