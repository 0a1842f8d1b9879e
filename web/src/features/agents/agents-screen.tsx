"use client";

import { Bot, Plus } from "lucide-react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { May } from "@/components/shell/may";
import { NothingYet } from "@/components/shell/nothing-yet";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
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
  return <May permission="agents:write"><Button asChild><Link href="/agents/new"><Plus aria-hidden="true" />{t("new")}</Link></Button></May>;
}

function NoAgents({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const t = useT("agents");
  if (filtered) return <NothingFound title={t("nothing_title")} onClear={onClear}>{t("nothing_body")}</NothingFound>;
  return (
    <May permission="agents:write" otherwise={<NothingYet />}>
      <EmptyState
        icon={Bot}
        title={t("empty_title")}
        action={<><NewAgent /><Button asChild variant="secondary"><Link href="/agents/new#templates">{t("empty_templates")}</Link></Button></>}
      >
        {t("empty_body")}
      </EmptyState>
    </May>
  );
}

/** Cards on phones, whatever was chosen: a table of six columns has no room there. */
function AgentList({ filters, onClear }: { filters: AgentFilters; onClear: () => void }) {
  const table = useUi((state) => state.agentsView) === "table";
  const list = useAgents(filters);
  const agents = list.data?.pages.flatMap((page) => page.data) ?? [];
  const narrow = table ? "md:hidden" : undefined;
  return (
    <ListFrame
      query={list}
      skeleton={<><div className={narrow}><AgentCardsSkeleton /></div>{table ? <div className="hidden md:block"><AgentTableSkeleton /></div> : null}</>}
      empty={agents.length ? null : <NoAgents filtered={isFiltered(filters)} onClear={onClear} />}
    >
      <div className={narrow}><AgentCards agents={agents} /></div>
      {table ? <div className="hidden md:block"><AgentTable agents={agents} /></div> : null}
    </ListFrame>
  );
}

export function AgentsScreen() {
  const t = useT("agents");
  const [params, setParams] = useQueryState();
  const filters = filtersOf(params);
  const clear = () => setParams({ q: null, status: null, provider: null });
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} actions={<NewAgent />}>
        <AgentFilterBar filters={filters} onChange={setParams} onClear={clear} />
      </PageHeader>
      <AgentList filters={filters} onClear={clear} />
    </div>
  );
}
