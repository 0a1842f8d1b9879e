"use client";

import { ArrowRight, ListTree } from "lucide-react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Skeleton } from "@/components/ui/skeleton";
import { RunCards } from "@/components/runs/run-cards";
import { RunTable } from "@/components/runs/run-table";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

const SHOWN = 15;

export function AgentRuns({ agentId }: { agentId: string }) {
  const t = useT("agents.runs");
  const runs = $api.useQuery("get", "/v1/runs", { params: { query: { agent_id: agentId, limit: SHOWN } } });
  if (runs.isPending) return <Skeleton className="h-64 rounded-xl" />;
  if (runs.error) return <ErrorCard error={runs.error} onRetry={() => void runs.refetch()} />;
  if (!runs.data.data.length) return <EmptyState icon={ListTree} title={t("empty_title")}>{t("empty_body")}</EmptyState>;
  return (
    <div className="grid gap-4">
      <RunTable runs={runs.data.data} />
      <RunCards runs={runs.data.data} />
      <Button asChild variant="secondary" className="justify-self-center">
        <Link href={`/runs?agent=${agentId}`}>{t("all")}<ArrowRight aria-hidden="true" className="rtl:-scale-x-100" /></Link>
      </Button>
    </div>
  );
}
