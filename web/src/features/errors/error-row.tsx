"use client";

import { ChevronDown, CircleAlert, Globe } from "lucide-react";
import dynamic from "next/dynamic";
import { useId } from "react";

import { ModelName } from "@/components/runs/model-name";
import { Badge } from "@/components/ui/badge";
import { RelativeTime } from "@/components/ui/relative-time";
import type { ErrorEntry } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { topicOf } from "@/lib/error-guide";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import { isClientKind } from "./error-title";

const ErrorDetail = dynamic(() => import("./error-detail").then((module) => module.ErrorDetail), { ssr: false, loading: () => <div aria-busy="true" className="h-48" /> });

function Where({ entry }: { entry: ErrorEntry }) {
  const t = useT("errors.detail");
  if (entry.source === "client") return <bdi dir="ltr" className="truncate font-mono text-xs">{entry.path ?? "–"}</bdi>;
  return (
    <>
      {entry.agent_id ? <span dir="auto" className="clip">{entry.agent_name ?? t("deleted_agent")}</span> : null}
      {entry.agent_id && entry.model ? <span aria-hidden="true">·</span> : null}
      {entry.model ? <ModelName model={entry.model} /> : null}
    </>
  );
}

/** One error: a line that opens to everything known of it. */
export function ErrorRow({ entry, open, onToggle }: { entry: ErrorEntry; open: boolean; onToggle: () => void }) {
  const t = useT("errors");
  const { number } = useFormat();
  const detailId = useId();
  const isRun = entry.source === "run";
  const Icon = isRun ? CircleAlert : Globe;
  const title = isClientKind(entry.kind) ? t(`client.${entry.kind}.title`) : t(`guide.${topicOf(entry.code)}.title`);
  return (
    <li className={cn("transition-colors", open && "bg-muted/30")}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? detailId : undefined}
        onClick={onToggle}
        className="grid w-full grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-3 text-start hover:bg-muted/50 focus-visible:-outline-offset-2 sm:px-5"
      >
        <span title={t(`source.${entry.source}`)} className="row-span-2 grid size-5 place-items-center self-start">
          <Icon aria-hidden="true" className={cn("size-4", isRun ? "text-destructive" : "text-warning")} />
          <span className="sr-only">{t(`source.${entry.source}`)}</span>
        </span>
        <span className="flex min-w-0 items-center gap-2">
          <span className="truncate text-sm font-medium md:shrink-0">{title}</span>
          {entry.count > 1 ? <Badge className="tabular-nums" title={t("times", { count: entry.count })}>{t("times_short", { count: number(entry.count) })}</Badge> : null}
          <span className="hidden min-w-0 items-center gap-1.5 text-[0.8125rem] text-muted-foreground md:flex"><Where entry={entry} /></span>
        </span>
        <span className="flex items-center gap-2 text-xs text-muted-foreground">
          <RelativeTime value={entry.last_at} />
          <ChevronDown aria-hidden="true" className={cn("size-4 transition-transform", open && "rotate-180")} />
        </span>
        <span dir="auto" className="clip col-span-2 col-start-2 text-[0.8125rem] text-muted-foreground">{entry.message}</span>
      </button>
      {open ? <div id={detailId}><ErrorDetail entry={entry} /></div> : null}
    </li>
  );
}
