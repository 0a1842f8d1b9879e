"use client";

import { Building2, ShieldCheck, Users } from "lucide-react";
import { lazy, Suspense } from "react";

import { Badge } from "@/components/ui/badge";
import { PageHeader } from "@/components/ui/page-header";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { leave, useQueryState } from "@/lib/nav";

const GeneralTab = lazy(() => import("./general-tab").then((module) => ({ default: module.GeneralTab })));
const MembersTab = lazy(() => import("./members-tab").then((module) => ({ default: module.MembersTab })));
const RolesTab = lazy(() => import("./roles-tab").then((module) => ({ default: module.RolesTab })));

const TABS = [
  { name: "general", icon: Building2, Screen: GeneralTab },
  { name: "members", icon: Users, Screen: MembersTab },
  { name: "roles", icon: ShieldCheck, Screen: RolesTab },
] as const;

export function OrganizationScreen() {
  const t = useT("org");
  const tPlan = useT("core.plan");
  const me = useMe();
  const [params, setParams] = useQueryState();
  const tab = TABS.find(({ name }) => name === params.get("tab"))?.name ?? "general";
  if (!me) return null;
  return (
    <div className="page">
      <PageHeader title={<bdi>{me.org.name}</bdi>} description={t("description")} actions={<Badge tone={me.org.plan === "premium" ? "primary" : "neutral"}>{t("plan", { plan: tPlan(me.org.plan) })}</Badge>} />
      <Tabs activationMode="manual" value={tab} onValueChange={(name) => leave(() => setParams({ tab: name === "general" ? null : name, q: null }, { push: true }))}>
        <TabsList aria-label={t("tabs.label")}>
          {TABS.map(({ name, icon: Icon }) => <TabsTrigger key={name} value={name}><Icon aria-hidden="true" />{t(`tabs.${name}`)}</TabsTrigger>)}
        </TabsList>
        {TABS.map(({ name, Screen }) => (
          <TabsContent key={name} value={name}>
            <Suspense fallback={<Skeleton className="h-72 rounded-xl" />}><Screen /></Suspense>
          </TabsContent>
        ))}
      </Tabs>
    </div>
  );
}
