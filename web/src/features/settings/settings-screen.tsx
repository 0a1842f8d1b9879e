"use client";

import { Suspense } from "react";

import { FormError } from "@/components/form-error";
import { PageHeader } from "@/components/ui/page-header";
import { Skeleton } from "@/components/ui/skeleton";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";
import { useOAuthError } from "@/lib/oauth-error";

import { SectionLinks, SectionSelect } from "./section-nav";
import { sectionsFor, type SectionName } from "./sections";

function SectionSkeleton() {
  return (
    <div aria-busy="true" className="grid gap-5">
      <Skeleton className="h-56 rounded-xl" />
      <Skeleton className="h-56 rounded-xl" />
    </div>
  );
}

export function SettingsScreen() {
  const t = useT("settings");
  const me = useMe();
  const [params, setParams] = useQueryState();
  const sections = sectionsFor(me?.permissions ?? []);
  // Whoever went to an identity provider from here, in vain, comes back to no section in particular.
  const problem = useOAuthError(params.toString());
  const asked = params.get("tab") ?? (problem ? "security" : null);
  const shown = sections.find(({ name }) => name === asked) ?? sections[0];
  if (!shown) return null;
  const open = (name: SectionName) => setParams({ tab: name, error: null }, { push: true });
  const navigation = { sections, current: shown.name, onOpen: open };
  return (
    <div className="page max-w-6xl">
      <PageHeader title={t("title")} description={t("description")} />
      <div className="flex flex-col gap-6 lg:flex-row">
        <SectionLinks {...navigation} />
        <SectionSelect {...navigation} />
        <section aria-label={t(`tabs.${shown.name}`)} className="grid min-w-0 grow content-start gap-5">
          <FormError>{problem}</FormError>
          <Suspense key={shown.name} fallback={<SectionSkeleton />}><shown.Screen /></Suspense>
        </section>
      </div>
    </div>
  );
}
