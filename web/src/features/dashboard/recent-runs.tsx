"use client";

import { MessageCircle } from "lucide-react";

import { ModelName } from "@/components/runs/model-name";
import { RunAgent, RunDuration, RunPreview } from "@/components/runs/run-cells";
import { RunStatusIcon } from "@/components/runs/run-status";
import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { $api } from "@/lib/api/query";
import type { RunSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { Panel, PanelNote, PanelRows } from "./panel";

const SHOWN = 8;
const LIVE_MS = 3_000;

function Item({ run }: { run: RunSummary }) {
  return (
    <li className="relative grid grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 px-5 py-2 transition-colors hover:bg-muted/60 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:-outline-offset-2 has-[a:focus-visible]:outline-ring">
      <RunStatusIcon status={run.status} />
      <div className="grid min-w-0">
        <Link href={`/runs/${run.id}`} dir="auto" className="clip text-sm after:absolute after:inset-0 focus-visible:outline-none"><RunPreview run={run} /></Link>
        <div className="flex min-w-0 items-center gap-1.5 text-xs text-muted-foreground">
          <RunAgent run={run} className="min-w-0" />
          <span aria-hidden="true">·</span>
          <ModelName provider={run.provider} model={run.model} className="max-w-1/2 shrink-0" />
        </div>
      </div>
      <div className="grid justify-items-end text-xs text-muted-foreground tabular-nums">
        <RelativeTime value={run.created_at} className="relative leading-5" />
        <RunDuration run={run} />
      </div>
    </li>
  );
}

function NoRuns() {
  const t = useT("dashboard.recent");
  const { data } = $api.useQuery("get", "/v1/agents", { params: { query: { limit: 1, status: "published", sort: "-updated_at" } } });
  const agent = data?.data[0];
  return (
    <PanelNote action={agent ? <Button asChild size="sm" variant="secondary"><Link href={`/agents/${agent.id}`}><MessageCircle aria-hidden="true" />{t("open_agent", { name: agent.name })}</Link></Button> : null}>
      <span className="block font-medium text-foreground">{t("empty_title")}</span>
      {t("empty_body")}
    </PanelNote>
  );
}

/** What was asked last, with how it went. */
export function RecentRuns({ className = "" }: { className?: string }) {
  const t = useT("dashboard.recent");
  const { data, error, refetch } = $api.useQuery("get", "/v1/runs", { params: { query: { limit: SHOWN, kind: "generate" } } }, {
    refetchInterval: ({ state }) => (state.data?.data.some(({ status }) => status === "running") ? LIVE_MS : false),
  });
  const content = () => {
    if (!data) return error ? <div className="p-5 pt-2"><ErrorCard error={error} onRetry={() => void refetch()} /></div> : <PanelRows rows={SHOWN} className="h-14" />;
    if (data.data.length === 0) return <NoRuns />;
    return <ul aria-label={t("table")} className="pb-2">{data.data.map((run) => <Item key={run.id} run={run} />)}</ul>;
  };
  return <Panel title={t("title")} more={data?.data.length ? { href: "/runs?kind=generate", label: t("all") } : undefined} className={className}>{content()}</Panel>;
}
