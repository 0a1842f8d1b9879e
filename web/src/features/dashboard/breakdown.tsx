"use client";

import { ModelName } from "@/components/runs/model-name";
import type { Dashboard } from "@/lib/api/schema";
import { topicOf } from "@/lib/error-guide";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { Panel, PanelNote } from "./panel";

/** The share of the longest, as a bar under a name. */
function ShareBar({ value, most, className = "bg-chart-1" }: { value: number; most: number; className?: string }) {
  return (
    <span aria-hidden="true" className="mt-1 block h-1 overflow-hidden rounded-full bg-muted">
      <span className={cn("block h-full rounded-full", className)} style={{ width: `${most === 0 ? 0 : Math.max(2, (value / most) * 100)}%` }} />
    </span>
  );
}

const head = "px-2 pb-1 text-end text-xs font-medium text-muted-foreground first:ps-5 first:text-start last:pe-5";
const cell = "px-2 py-1.5 text-end align-top text-sm tabular-nums first:ps-5 first:text-start last:pe-5";

function Failed({ count }: { count: number }) {
  const { compact } = useFormat();
  return <span className={cn(count > 0 ? "text-destructive" : "text-muted-foreground")}>{compact(count)}</span>;
}

export function ByModel({ models, className }: { models: Dashboard["models"]; className?: string }) {
  const t = useT("dashboard.models");
  const { compact, duration, number } = useFormat();
  const most = models[0]?.runs ?? 0;
  return (
    <Panel title={t("title")} {...(className ? { className } : {})}>
      {models.length === 0 ? <PanelNote>{t("empty")}</PanelNote> : (
        <table className="mb-3 w-full table-fixed">
          <thead>
            <tr>
              <th scope="col" className={head}>{t("model")}</th>
              <th scope="col" className={cn(head, "w-16")}>{t("runs")}</th>
              <th scope="col" className={cn(head, "w-16")}>{t("failed")}</th>
              <th scope="col" className={cn(head, "hidden w-20 sm:table-cell")}>{t("tokens")}</th>
              <th scope="col" className={cn(head, "w-20")}>{t("latency")}</th>
            </tr>
          </thead>
          <tbody>
            {models.map((model) => (
              <tr key={model.model}>
                <th scope="row" className={cn(cell, "font-normal")}>
                  <Link href={`/runs?model=${encodeURIComponent(model.model)}`} className="block min-w-0 rounded-sm hover:text-primary"><ModelName model={model.model} /></Link>
                  <ShareBar value={model.runs} most={most} />
                </th>
                <td className={cell} title={number(model.runs)}>{compact(model.runs)}</td>
                <td className={cell}><Failed count={model.failed} /></td>
                <td className={cn(cell, "hidden sm:table-cell")} title={number(model.input_tokens + model.output_tokens)}>{compact(model.input_tokens + model.output_tokens)}</td>
                <td className={cell}>{duration(model.latency_ms_p50)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

export function ByAgent({ agents, className }: { agents: Dashboard["agents"]; className?: string }) {
  const t = useT("dashboard.agents");
  const { compact, number } = useFormat();
  const most = agents[0]?.runs ?? 0;
  return (
    <Panel title={t("title")} {...(className ? { className } : {})}>
      {agents.length === 0 ? <PanelNote>{t("empty")}</PanelNote> : (
        <table className="mb-3 w-full table-fixed">
          <thead>
            <tr>
              <th scope="col" className={head}>{t("agent")}</th>
              <th scope="col" className={cn(head, "w-18")}>{t("runs")}</th>
              <th scope="col" className={cn(head, "w-20")}>{t("failed")}</th>
            </tr>
          </thead>
          <tbody>
            {agents.map(({ agent_id, name, runs, failed }) => (
              <tr key={agent_id}>
                <th scope="row" className={cn(cell, "font-normal")}>
                  <Link href={`/runs?agent=${agent_id}`} dir="auto" className={cn("clip block rounded-sm hover:text-primary", name === null && "text-muted-foreground")}>{name ?? t("deleted")}</Link>
                  <ShareBar value={runs} most={most} className="bg-chart-2" />
                </th>
                <td className={cell} title={number(runs)}>{compact(runs)}</td>
                <td className={cell}><Failed count={failed} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

export function ByError({ errors, className }: { errors: Dashboard["errors"]; className?: string }) {
  const t = useT("dashboard.errors");
  const tGuide = useT("errors.guide");
  const { number } = useFormat();
  const most = errors[0]?.count ?? 0;
  return (
    <Panel title={t("title")} more={{ href: "/errors", label: t("all") }} {...(className ? { className } : {})}>
      {errors.length === 0 ? <PanelNote>{t("empty")}</PanelNote> : (
        <ul className="grid px-3 pb-3">
          {errors.map(({ code, count }) => (
            <li key={code}>
              <Link href={`/errors?source=run&code=${encodeURIComponent(code)}`} title={code} className="block rounded-md px-2 py-1.5 text-sm hover:bg-muted">
                <span className="flex items-baseline justify-between gap-3">
                  <span className="truncate">{tGuide(`${topicOf(code)}.title`)}</span>
                  <span className="tabular-nums"><span aria-hidden="true">{number(count)}</span><span className="sr-only">{t("count", { count })}</span></span>
                </span>
                <ShareBar value={count} most={most} className="bg-chart-4" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
