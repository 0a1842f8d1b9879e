"use client";

import { useMemo } from "react";

import { ActivityLog } from "@/components/activity/activity-log";
import { GROUPS, readFilters } from "@/components/activity/filters";
import { LogActions } from "@/components/activity/log-actions";
import { useVerification } from "@/components/activity/use-log";
import { VerifyResult } from "@/components/activity/verify-result";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

const PATH = "/v1/admin/activity";
const OFFERED = 100;
const OF_SERVER = GROUPS.filter((group) => ["auth", "user", "organization", "org", "settings", "block", "activity"].includes(group));

/** The server's own log: what concerns no organisation. Mostly administrators act in it. */
export function LogTab() {
  const t = useT("admin.log");
  const [params, setParams] = useQueryState();
  const filters = useMemo(() => readFilters(params), [params]);
  const verification = useVerification(PATH);
  const administrators = $api.useQuery("get", "/v1/admin/users", { params: { query: { limit: OFFERED, role: "admin" } } }, { staleTime: 60_000 });
  const people = useMemo(() => (administrators.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })), [administrators.data]);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-sm text-muted-foreground">{t("description")}</p>
        <div className="flex flex-wrap items-center gap-2"><LogActions path={PATH} filters={filters} verification={verification} /></div>
      </div>
      <VerifyResult verification={verification} />
      <ActivityLog path={PATH} filters={filters} groups={OF_SERVER} people={people} onChange={setParams} />
    </div>
  );
}
