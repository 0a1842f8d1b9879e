"use client";

import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Segmented } from "@/components/ui/segmented";
import { Skeleton } from "@/components/ui/skeleton";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { ApiKey } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { CreateKeyDialog, EditKeyDialog, RevokeDialog } from "./key-dialogs";
import { KeyRow } from "./key-row";

const PAGE = 50;
const OWNERS = ["all", "personal", "shared"] as const;
type Owner = (typeof OWNERS)[number];

function KeysSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      {[0, 1, 2].map((i) => <div key={i} className="grid h-[5.625rem] content-center gap-3 px-5"><Skeleton className="h-5 w-56 max-w-full" /><Skeleton className="h-4 w-full max-w-xl" /></div>)}
    </Card>
  );
}

/** One's own keys; of who manages keys, all of the organisation. */
export function KeysSection() {
  const t = useT("keys");
  const me = useMe();
  const manages = usePermission("keys:manage") && me?.org.personal === false;
  const creates = usePermission("keys:write");
  const [params, setParams] = useQueryState();
  const owner = OWNERS.find((name) => name === params.get("keys")) ?? "all";
  const [creating, setCreating] = useState(false);
  const [editing, setEditing] = useState<ApiKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const query = { limit: PAGE, ...(owner === "all" ? {} : { shared: owner === "shared" }) };
  const list = $api.useInfiniteQuery("get", "/v1/api-keys", { params: { query } }, { ...BY_CURSOR, placeholderData: (before) => before });
  const keys = list.data?.pages.flatMap((page) => page.data) ?? [];
  const create = creates ? <Button onClick={() => setCreating(true)}><Plus />{t("create")}</Button> : null;
  const none = owner === "all"
    ? <EmptyState icon={KeyRound} title={t("empty_title")} action={create}>{t("empty_body")}</EmptyState>
    : <NothingFound title={t("filtered_title")} onClear={() => setParams({ keys: null })}>{t("filtered_body")}</NothingFound>;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-sm text-muted-foreground">{t("description")}</p>
        {keys.length || owner !== "all" ? create : null}
      </div>
      {manages ? (
        <Segmented<Owner>
          className="w-fit"
          label={t("filter.label")}
          value={owner}
          onChange={(next) => setParams({ keys: next === "all" ? null : next })}
          options={OWNERS.map((value) => ({ value, label: t(`filter.${value}`) }))}
        />
      ) : null}
      <ListFrame query={list} skeleton={<KeysSkeleton />} empty={keys.length ? null : none}>
        <Card>
          <ul aria-label={t("title")} className="divide-y">
            {keys.map((key) => <KeyRow key={key.id} apiKey={key} onEdit={() => setEditing(key)} onRevoke={() => setRevoking(key)} />)}
          </ul>
        </Card>
      </ListFrame>
      {creating ? <CreateKeyDialog onClose={() => setCreating(false)} /> : null}
      {editing ? <EditKeyDialog apiKey={editing} onClose={() => setEditing(null)} /> : null}
      {revoking ? <RevokeDialog apiKey={revoking} onClose={() => setRevoking(null)} /> : null}
    </div>
  );
}
