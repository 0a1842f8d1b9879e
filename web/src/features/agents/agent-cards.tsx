"use client";

import { Cpu } from "lucide-react";

import { Avatar } from "@/components/ui/avatar";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import type { AgentSummary } from "@/lib/api/schema";
import { usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { AgentBadges, modelOf } from "./agent-badges";
import { AgentMenu } from "./agent-menu";

const GRID = "grid grid-cols-[minmax(0,1fr)] gap-4 sm:grid-cols-2 xl:grid-cols-3";

/** Where a click on an agent leads: to building it on, for who may, or to using it. */
export function useAgentHref(): (agent: Pick<AgentSummary, "id" | "status">) => string {
  const writes = usePermission("agents:write");
  return ({ id, status }) => (writes && status === "draft" ? `/agents/${id}/edit` : `/agents/${id}`);
}

function AgentCard({ agent }: { agent: AgentSummary }) {
  const t = useT("agents");
  const hrefOf = useAgentHref();
  const model = modelOf(agent.config);
  return (
    <Card className="group relative flex h-full flex-col gap-3 p-5 transition-colors focus-within:border-ring hover:border-input">
      <div className="flex items-start gap-3">
        <Avatar name={agent.name} className="size-10 rounded-xl text-sm" />
        <div className="grid min-w-0 grow gap-1">
          <h2 className="truncate font-semibold">
            {/* The whole card is the link; the menu stands above it. */}
            <Link href={hrefOf(agent)} className="outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-ring"><bdi>{agent.name}</bdi></Link>
          </h2>
          <AgentBadges agent={agent} />
        </div>
        <div className="relative -me-2 -mt-1"><AgentMenu agent={agent} /></div>
      </div>
      <p className="line-clamp-2 min-h-10 text-sm text-muted-foreground"><bdi>{agent.description || t("no_description")}</bdi></p>
      <div className="mt-auto flex items-center justify-between gap-3 border-t pt-3 text-xs text-muted-foreground">
        <span className="flex min-w-0 items-center gap-1.5"><Cpu aria-hidden="true" className="size-3.5 shrink-0" /><span className="truncate">{model ?? t("default_model")}</span></span>
        <RelativeTime value={agent.updated_at} className="shrink-0" />
      </div>
    </Card>
  );
}

export function AgentCards({ agents }: { agents: readonly AgentSummary[] }) {
  return <ul className={GRID}>{agents.map((agent) => <li key={agent.id}><AgentCard agent={agent} /></li>)}</ul>;
}

export function AgentCardsSkeleton() {
  return <div className={GRID} aria-busy="true">{Array.from({ length: 6 }, (_, i) => <Skeleton key={i} className="h-[11.25rem] rounded-xl" />)}</div>;
}
