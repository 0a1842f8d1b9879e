"use client";

import { Plus } from "lucide-react";

import { ErrorCard } from "@/components/shell/error-card";
import { May } from "@/components/shell/may";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { $api } from "@/lib/api/query";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { Panel, PanelNote, PanelRows } from "./panel";

const DRAFTS = 4;
const SAVED = 8;

function Draft({ agent }: { agent: AgentSummary }) {
  const t = useT("dashboard.drafts");
  const name = agent.name || t("untitled");
  return (
    <li className="flex items-center justify-between gap-3 px-5 py-2">
      <div className="grid min-w-0">
        <span dir="auto" className="clip text-sm font-medium">{name}</span>
        <span className="text-xs text-muted-foreground">{t("changed")} <RelativeTime value={agent.draft_updated_at ?? agent.updated_at} /></span>
      </div>
      <May permission="agents:write"><Button asChild size="sm" variant="secondary"><Link href={`/agents/${agent.id}/edit`} aria-label={t("resume_named", { name })}>{t("resume")}</Link></Button></May>
    </li>
  );
}

/** Agents that were begun and never published. */
export function Drafts({ className = "" }: { className?: string }) {
  const t = useT("dashboard.drafts");
  const { data, error, refetch } = $api.useQuery("get", "/v1/agents", { params: { query: { status: "draft", limit: DRAFTS, sort: "-updated_at" } } });
  const content = () => {
    if (!data) return error ? <div className="p-5 pt-2"><ErrorCard error={error} onRetry={() => void refetch()} /></div> : <PanelRows rows={DRAFTS} className="h-14" />;
    if (data.data.length === 0) {
      return <PanelNote action={<May permission="agents:write"><Button asChild size="sm" variant="secondary"><Link href="/agents/new"><Plus aria-hidden="true" />{t("new")}</Link></Button></May>}>{t("empty")}</PanelNote>;
    }
    return <ul className="pb-2">{data.data.map((agent) => <Draft key={agent.id} agent={agent} />)}</ul>;
  };
  return <Panel title={t("title")} more={data?.next_cursor ? { href: "/agents?status=draft", label: t("all") } : undefined} className={className}>{content()}</Panel>;
}

function Saved({ agent }: { agent: AgentSummary }) {
  const t = useT("dashboard.saved");
  return (
    <li className="relative flex items-center justify-between gap-3 px-5 py-2 transition-colors hover:bg-muted/60 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:-outline-offset-2 has-[a:focus-visible]:outline-ring">
      <div className="grid min-w-0">
        <Link href={`/agents/${agent.id}`} dir="auto" className="clip text-sm font-medium after:absolute after:inset-0 focus-visible:outline-none">{agent.name}</Link>
        <span className="flex min-w-0 gap-1 text-xs text-muted-foreground">
          <span className="shrink-0 tabular-nums">{t("version", { version: agent.version })}</span>
          {agent.description ? <><span aria-hidden="true">·</span><span dir="auto" className="clip">{agent.description}</span></> : null}
        </span>
      </div>
      <span className="grid shrink-0 justify-items-end gap-0.5 text-xs text-muted-foreground">
        <RelativeTime value={agent.updated_at} className="relative" />
        {agent.has_draft ? <Badge tone="warning">{t("draft_pending")}</Badge> : null}
      </span>
    </li>
  );
}

/** Published agents, the ones changed last first. */
export function SavedConfigurations({ className = "" }: { className?: string }) {
  const t = useT("dashboard.saved");
  const { data, error, refetch } = $api.useQuery("get", "/v1/agents", { params: { query: { status: "published", limit: SAVED, sort: "-updated_at" } } });
  const content = () => {
    if (!data) return error ? <div className="p-5 pt-2"><ErrorCard error={error} onRetry={() => void refetch()} /></div> : <PanelRows rows={SAVED} className="h-14" />;
    if (data.data.length === 0) {
      return <PanelNote action={<May permission="agents:write"><Button asChild size="sm" variant="secondary"><Link href="/agents/new"><Plus aria-hidden="true" />{t("create")}</Link></Button></May>}>{t("empty")}</PanelNote>;
    }
    return <ul className="pb-2">{data.data.map((agent) => <Saved key={agent.id} agent={agent} />)}</ul>;
  };
  return <Panel title={t("title")} more={data?.data.length ? { href: "/agents", label: t("all") } : undefined} className={className}>{content()}</Panel>;
}
