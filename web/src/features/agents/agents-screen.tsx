"use client";

import { Bot, Plus, SearchX } from "lucide-react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, useQueryState } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { AgentCards, AgentCardsSkeleton } from "./agent-cards";
import { AgentFilterBar } from "./agent-filters";
import { AgentTable, AgentTableSkeleton } from "./agent-table";
import { filtersOf, isFiltered, type AgentFilters } from "./list-params";
import { useAgents } from "./use-agents";

function NewAgent() {
  const t = useT("agents");
  return <Button asChild><Link href="/agents/new"><Plus aria-hidden="true" />{t("new")}</Link></Button>;
}

function NoAgents({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const t = useT("agents");
  const tCore = useT("core");
  if (filtered) {
    return (
      <EmptyState icon={SearchX} title={t("nothing_title")} action={<Button variant="secondary" onClick={onClear}>{tCore("clear_filters")}</Button>}>
        {t("nothing_body")}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={Bot}
      title={t("empty_title")}
      action={<><NewAgent /><Button asChild variant="secondary"><Link href="/agents/new#templates">{t("empty_templates")}</Link></Button></>}
    >
      {t("empty_body")}
    </EmptyState>
  );
}

/** Cards on phones, whatever was chosen: a table of six columns has no room there. */
function AgentList({ filters, onClear }: { filters: AgentFilters; onClear: () => void }) {
  const tCore = useT("core");
  const view = useUi((state) => state.agentsView);
  const list = useAgents(filters);
  const agents = list.data?.pages.flatMap((page) => page.data) ?? [];
  const table = view === "table";
  if (list.isPending) return <><div className={cn(table && "md:hidden")}><AgentCardsSkeleton /></div>{table ? <div className="hidden md:block"><AgentTableSkeleton /></div> : null}</>;
  if (list.error) return <ErrorCard error={list.error} onRetry={() => void list.refetch()} />;
  if (!agents.length) return <NoAgents filtered={isFiltered(filters)} onClear={onClear} />;
  return (
    <div className={cn("grid gap-5 transition-opacity", list.isPlaceholderData && "opacity-60")} aria-busy={list.isPlaceholderData}>
      <div className={cn(table && "md:hidden")}><AgentCards agents={agents} /></div>
      {table ? <div className="hidden md:block"><AgentTable agents={agents} /></div> : null}
      {list.hasNextPage ? (
        <Button variant="secondary" className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{tCore("loading_more")}</Button>
      ) : null}
    </div>
  );
}

export function AgentsScreen() {
  const t = useT("agents");
  const [params, setParams] = useQueryState();
  const filters = filtersOf(params);
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} actions={<NewAgent />}>
        <AgentFilterBar filters={filters} onChange={setParams} />
      </PageHeader>
      <AgentList filters={filters} onClear={() => setParams({ q: null, status: null, provider: null })} />
    </div>
  );
}
