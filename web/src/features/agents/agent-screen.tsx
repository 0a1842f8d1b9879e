"use client";

import { ArrowLeft, Code, ListTree, MessageSquare, Pencil, SearchX, SlidersHorizontal } from "lucide-react";
import { lazy, Suspense } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { May } from "@/components/shell/may";
import { PageSkeleton } from "@/components/shell/page-skeleton";
import { Avatar } from "@/components/ui/avatar";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "@/components/ui/tabs";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Agent } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link, useNavigate, useQueryState, useSegment } from "@/lib/nav";

import { AgentBadges, modelOf } from "./agent-badges";
import { AgentChat } from "./agent-chat";
import { AgentConfiguration } from "./agent-configuration";
import { AgentMenu } from "./agent-menu";
import { Share } from "./share";

// Loaded with their tab: the chat needs none of it.
const AgentRuns = lazy(() => import("./agent-runs").then((module) => ({ default: module.AgentRuns })));
const UseIt = lazy(() => import("./use-it").then((module) => ({ default: module.UseIt })));

const TABS = [
  { name: "chat", icon: MessageSquare },
  { name: "use", icon: Code },
  { name: "runs", icon: ListTree },
  { name: "configuration", icon: SlidersHorizontal },
] as const;

function Header({ agent }: { agent: Agent }) {
  const t = useT("agents");
  const navigate = useNavigate();
  const model = modelOf(agent.config);
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <Avatar name={agent.name} className="size-12 rounded-xl text-base" />
      <div className="grid min-w-0 grow basis-64 grid-cols-[minmax(0,1fr)] gap-1">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <h1 className="text-2xl font-semibold [overflow-wrap:anywhere]">{agent.name}</h1>
          <AgentBadges agent={agent} />
        </div>
        {agent.description ? <p className="max-w-3xl text-sm text-muted-foreground [overflow-wrap:anywhere]">{agent.description}</p> : null}
        <p className="flex flex-wrap gap-x-3 text-xs text-muted-foreground">
          <span>{model ?? t("default_model")}</span>
          {agent.version ? <span>{t("version", { version: agent.version })}</span> : null}
          <RelativeTime value={agent.updated_at} />
        </p>
      </div>
      <div className="flex items-center gap-2">
        <May permission="agents:write"><Button asChild variant="secondary"><Link href={`/agents/${agent.id}/edit`}><Pencil aria-hidden="true" />{t(agent.status === "draft" ? "action.resume" : "action.edit")}</Link></Button></May>
        <Share agent={agent} />
        <AgentMenu agent={agent} onDeleted={() => navigate("/agents")} />
      </div>
    </header>
  );
}

function Banner({ agent }: { agent: Agent }) {
  const t = useT("agents.detail");
  if (!agent.has_draft) return null;
  return (
    <p className="rounded-lg bg-warning-soft px-4 py-2.5 text-sm text-warning">
      {agent.status === "draft" ? t("draft_banner") : t("changes_banner", { version: agent.version })}
    </p>
  );
}

function Sections({ agent }: { agent: Agent }) {
  const t = useT("agents.detail");
  const [params, setParams] = useQueryState();
  const published = agent.status === "published";
  const tabs = published ? TABS : TABS.filter(({ name }) => name === "configuration");
  const tab = tabs.find(({ name }) => name === params.get("tab"))?.name ?? tabs[0]?.name ?? "configuration";
  return (
    <Tabs value={tab} onValueChange={(name) => setParams({ tab: name === tabs[0]?.name ? null : name })} className="flex grow flex-col">
      <TabsList aria-label={t("tabs")}>
        {tabs.map(({ name, icon: Icon }) => <TabsTrigger key={name} value={name}><Icon aria-hidden="true" />{t(name)}</TabsTrigger>)}
      </TabsList>
      {published ? (
        <>
          <TabsContent value="chat" className="flex grow flex-col"><AgentChat agent={agent} /></TabsContent>
          <TabsContent value="use"><Suspense fallback={<Skeleton className="h-96 rounded-xl" />}><UseIt agent={agent} /></Suspense></TabsContent>
          <TabsContent value="runs"><Suspense fallback={<Skeleton className="h-64 rounded-xl" />}><AgentRuns agentId={agent.id} /></Suspense></TabsContent>
        </>
      ) : null}
      <TabsContent value="configuration"><AgentConfiguration agent={agent} /></TabsContent>
    </Tabs>
  );
}

function Missing() {
  const t = useT("agents.detail");
  return (
    <EmptyState icon={SearchX} title={t("not_found_title")} action={<Button asChild variant="secondary"><Link href="/agents"><ArrowLeft aria-hidden="true" className="rtl:-scale-x-100" />{t("back")}</Link></Button>}>
      {t("not_found_body")}
    </EmptyState>
  );
}

function AgentById({ id }: { id: string }) {
  const agent = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id } } });
  if (agent.isPending) return <PageSkeleton />;
  const status = agent.error ? toApiError(agent.error).status : null;
  if (status === 404 || status === 422) return <div className="page"><Missing /></div>;
  // What was read stays when it cannot be read again: a conversation may stand below it.
  if (!agent.data) return <div className="page"><ErrorCard error={agent.error} onRetry={() => void agent.refetch()} /></div>;
  return (
    <div className="page flex grow flex-col gap-5 pb-5!">
      <Header agent={agent.data} />
      <Banner agent={agent.data} />
      <Sections agent={agent.data} />
    </div>
  );
}

/** One agent. Another id is another screen: nothing of a conversation is carried over. */
export function AgentScreen() {
  const id = useSegment(1);
  return id ? <AgentById key={id} id={id} /> : <PageSkeleton />;
}
