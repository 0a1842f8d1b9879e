"use client";

import { useState } from "react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { SearchField } from "@/components/lists/search-field";
import { Card } from "@/components/ui/card";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { OrganizationPlan } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { readText } from "./filters";
import { LimitDialog } from "./limit-dialog";
import { ListSkeleton } from "./list-skeleton";
import { OrgRow } from "./org-row";

const PAGE = 30;

export function OrgsTab() {
  const t = useT("admin.orgs");
  const [params, setParams] = useQueryState();
  const q = readText(params);
  const [limiting, setLimiting] = useState<OrganizationPlan | null>(null);
  const list = $api.useInfiniteQuery("get", "/v1/admin/orgs", { params: { query: { limit: PAGE, ...(q ? { q } : {}) } } }, { ...BY_CURSOR, placeholderData: (before) => before });
  const orgs = list.data?.pages.flatMap((page) => page.data) ?? [];
  const clear = () => setParams({ q: null });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div role="search" aria-label={t("filter")} className="flex flex-wrap items-center gap-2">
        <SearchField label={t("search")} placeholder={t("search_placeholder")} value={q} onChange={(next) => setParams({ q: next })} />
      </div>
      <ListFrame query={list} skeleton={<ListSkeleton />} empty={orgs.length ? null : <NothingFound title={t("nothing_title")} onClear={clear}>{t("nothing_body")}</NothingFound>}>
        <Card>
          <ul aria-label={t("list")} className="divide-y">
            {orgs.map((org) => <OrgRow key={org.id} org={org} onLimit={() => setLimiting(org)} />)}
          </ul>
        </Card>
      </ListFrame>
      {limiting ? <LimitDialog org={limiting} onClose={() => setLimiting(null)} /> : null}
    </div>
  );
}
