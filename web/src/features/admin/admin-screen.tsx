"use client";

import { ShieldX } from "lucide-react";
import { Suspense, useCallback } from "react";

import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link, useNavigate, useQueryState } from "@/lib/nav";

import { tabsFor } from "./tabs";

function Forbidden() {
  const t = useT("admin.forbidden");
  const tCore = useT("core.error");
  return (
    <div className="page">
      <EmptyState icon={ShieldX} title={t("title")} action={<Button asChild><Link href="/">{tCore("home")}</Link></Button>}>{t("body")}</EmptyState>
    </div>
  );
}

/** The administration of the server: what each tab narrows its list to begins anew with the tab. */
export function AdminScreen() {
  const t = useT("admin");
  const me = useMe();
  const [params] = useQueryState();
  const navigate = useNavigate();
  // On a phone the tabs are a row that scrolls: the one that is open is seen.
  const seen = useCallback((trigger: HTMLButtonElement | null) => trigger?.scrollIntoView({ block: "nearest", inline: "nearest" }), []);
  if (!me) return null;
  const tabs = tabsFor(me.permissions);
  const [first] = tabs;
  if (!first) return <Forbidden />;
  const tab = tabs.find(({ name }) => name === params.get("tab"))?.name ?? first.name;
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} />
      <Tabs value={tab} onValueChange={(name) => navigate(name === first.name ? "/admin" : `/admin?tab=${name}`, { scroll: false })}>
        <TabsList aria-label={t("tabs.label")}>
          {tabs.map(({ name, icon: Icon }) => <TabsTrigger key={name} value={name} ref={name === tab ? seen : null}><Icon aria-hidden="true" />{t(`tabs.${name}`)}</TabsTrigger>)}
        </TabsList>
        {tabs.map(({ name, Screen }) => (
          <TabsContent key={name} value={name}>
            <Suspense fallback={<Skeleton className="h-72 rounded-xl" />}><Screen /></Suspense>
          </TabsContent>
        ))}
      </Tabs>
    </div>
  );
}
