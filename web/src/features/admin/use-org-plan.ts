"use client";

import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { OrganizationPlan, OrganizationPlanInput } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Gives an organisation another plan or limit; the toast takes it back. */
export function useOrgPlan(failed: (thrown: unknown) => void) {
  const t = useT("admin.orgs");
  const tCore = useT("core");
  const change = $api.useMutation("patch", "/v1/admin/orgs/{id}");
  const apply = async (org: OrganizationPlan, body: OrganizationPlanInput, undo: boolean): Promise<boolean> => {
    try {
      const { name, plan } = await change.mutateAsync({ params: { path: { id: org.id } }, body });
      const title = body.plan ? t("plan_changed", { name, plan: t(plan) }) : t("limit_changed", { name });
      const back = body.plan ? { plan: org.plan } : { requests_per_minute: org.requests_per_minute };
      toast({ title, ...(undo ? { action: { label: tCore("undo"), onClick: () => void apply(org, back, false) } } : {}) });
      return true;
    } catch (thrown) {
      failed(thrown);
      return false;
    }
  };
  return { pending: change.isPending, change: (org: OrganizationPlan, body: OrganizationPlanInput) => apply(org, body, true) };
}
