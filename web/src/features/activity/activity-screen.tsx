"use client";

import { useMemo } from "react";

import { ActivityLog } from "@/components/activity/activity-log";
import { GROUPS, readFilters } from "@/components/activity/filters";
import { LogActions } from "@/components/activity/log-actions";
import { useVerification } from "@/components/activity/use-log";
import { VerifyResult } from "@/components/activity/verify-result";
import { Gate } from "@/components/shell/may";
import { PageHeader } from "@/components/ui/page-header";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

const PATH = "/v1/activity";
const OFFERED = 100;
/** What an organisation's log tells of: settings, blocks and other organisations' plans stand in the server's. */
const OF_ORGANIZATION = GROUPS.filter((group) => group !== "settings" && group !== "block");

function Log({ me }: { me: Me }) {
  const t = useT("activity");
  const [params, setParams] = useQueryState();
  const filters = useMemo(() => readFilters(params), [params]);
  const verification = useVerification(PATH);
  const members = $api.useQuery("get", "/v1/members", { params: { query: { limit: OFFERED } } }, { staleTime: 60_000 });
  const people = useMemo(() => (members.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name })), [members.data]);
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description", { org: me.org.name })} actions={<LogActions path={PATH} filters={filters} verification={verification} />}>
        <VerifyResult verification={verification} />
      </PageHeader>
      <ActivityLog path={PATH} filters={filters} groups={OF_ORGANIZATION} people={people} onChange={setParams} />
    </div>
  );
}

export function ActivityScreen() {
  const me = useMe();
  if (!me) return null;
  return <Gate permission="activity:read"><Log me={me} /></Gate>;
}
