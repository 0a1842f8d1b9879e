"use client";

import { Gauge } from "lucide-react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Select } from "@/components/ui/select";
import type { OrganizationPlan } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import { useOrgPlan } from "./use-org-plan";

const PLANS = ["free", "premium"] as const satisfies readonly OrganizationPlan["plan"][];

export function OrgRow({ org, onLimit }: { org: OrganizationPlan; onLimit: () => void }) {
  const t = useT("admin.orgs");
  const { date } = useFormat();
  const failed = useActionFailed();
  const { change, pending } = useOrgPlan(failed);
  const limit = org.requests_per_minute === null ? t("plan_limit") : t("own_limit", { count: org.requests_per_minute });
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2.5 px-5 py-3">
      <div className="grid min-w-0 flex-1 basis-44 gap-0.5">
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate font-medium"><bdi>{org.name}</bdi></span>
          {org.personal ? <Badge tone="outline">{t("personal")}</Badge> : null}
        </span>
        <span className="truncate text-[0.8125rem] text-muted-foreground"><bdi>{org.owner_email ?? t("no_owner")}</bdi></span>
      </div>
      <span className="hidden w-44 text-[0.8125rem] text-muted-foreground lg:grid">
        <span>{t("members", { count: org.members })}</span>
        <span>{t("created", { date: date(org.created_at) })}</span>
      </span>
      <div className="flex w-full flex-wrap items-center gap-2 sm:w-auto">
        <Select className="w-34" aria-label={t("plan_of", { name: org.name })} value={org.plan} disabled={pending} onChange={(event) => void change(org, { plan: event.target.value as OrganizationPlan["plan"] })}>
          {PLANS.map((plan) => <option key={plan} value={plan}>{t(plan)}</option>)}
        </Select>
        <Button variant={org.requests_per_minute === null ? "secondary" : "soft"} className="min-w-0 grow sm:w-44" aria-label={t("limit_of", { name: org.name, limit })} onClick={onLimit}>
          <Gauge />
          <span className="truncate">{limit}</span>
        </Button>
      </div>
    </li>
  );
}
