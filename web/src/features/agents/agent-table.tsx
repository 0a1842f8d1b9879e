"use client";

import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, Td, Th } from "@/components/ui/table";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { AgentBadges, modelOf } from "./agent-badges";
import { useAgentHref } from "./agent-cards";
import { AgentMenu } from "./agent-menu";

const COLUMNS = ["name", "status", "model", "version", "updated"] as const;

function AgentRow({ agent }: { agent: AgentSummary }) {
  const t = useT("agents");
  const hrefOf = useAgentHref();
  return (
    <tr className="hover:bg-muted/40">
      <Td className="max-w-72">
        <Link href={hrefOf(agent)} className="block truncate font-medium hover:underline">{agent.name}</Link>
        <span className="block truncate text-xs text-muted-foreground">{agent.description}</span>
      </Td>
      <Td><AgentBadges agent={agent} /></Td>
      <Td className="max-w-48 truncate text-muted-foreground">{modelOf(agent.config) ?? t("default_model")}</Td>
      <Td className="tabular-nums text-muted-foreground">{agent.version ? t("version", { version: agent.version }) : "–"}</Td>
      <Td className="text-muted-foreground"><RelativeTime value={agent.updated_at} /></Td>
      <Td className="w-12 text-end"><AgentMenu agent={agent} /></Td>
    </tr>
  );
}

export function AgentTable({ agents }: { agents: readonly AgentSummary[] }) {
  const t = useT("agents");
  return (
    <Card>
      <Table label={t("title")}>
        <thead>
          <tr>
            {COLUMNS.map((column) => <Th key={column}>{t(`column.${column}`)}</Th>)}
            <Th><span className="sr-only">{t("column.actions")}</span></Th>
          </tr>
        </thead>
        <tbody>{agents.map((agent) => <AgentRow key={agent.id} agent={agent} />)}</tbody>
      </Table>
    </Card>
  );
}

export function AgentTableSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      <div className="h-10" />
      {Array.from({ length: 6 }, (_, i) => <div key={i} className="flex h-[3.75rem] items-center gap-6 px-4"><Skeleton className="h-4 w-48" /><Skeleton className="h-4 w-20" /><Skeleton className="h-4 w-32" /></div>)}
    </Card>
  );
}
