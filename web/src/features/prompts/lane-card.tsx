"use client";

import { CircleAlert, CircleStop, RotateCw, Scissors, Unplug } from "lucide-react";
import { memo } from "react";

import { Markdown } from "@/components/chat/markdown";
import { Metrics } from "@/components/chat/metrics";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { Spinner } from "@/components/ui/spinner";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { isUnderWay, type Lane } from "./lanes";

function useLaneTrouble(): (lane: Lane) => string | null {
  const t = useT("chat.error");
  return ({ status, error }) => {
    if (status === "lost") return t("connection_lost");
    if (status !== "failed") return null;
    if (error?.code === "malformed_reply") return t("malformed_reply");
    if (error?.code === "network") return t("offline");
    return error?.message || t("failed");
  };
}

function Trouble({ lane, onRetry }: { lane: Lane; onRetry: () => void }) {
  const t = useT("core");
  const tChat = useT("chat.error");
  const trouble = useLaneTrouble()(lane);
  if (trouble === null) return null;
  const Icon = lane.status === "lost" ? Unplug : CircleAlert;
  const small = [lane.error?.code, lane.error?.requestId ? tChat("request", { id: lane.error.requestId }) : null].filter(Boolean).join(" · ");
  return (
    <div className="grid gap-2.5 rounded-lg bg-destructive-soft/60 p-3">
      <div className="flex gap-2.5">
        <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-destructive" />
        <div className="grid min-w-0 gap-0.5">
          <p className="text-sm [overflow-wrap:anywhere]">{trouble}</p>
          {small ? <p dir="ltr" className="text-start font-mono text-xs break-all text-muted-foreground">{small}</p> : null}
        </div>
      </div>
      <Button variant="secondary" size="sm" className="justify-self-start" onClick={onRetry}><RotateCw />{t("retry")}</Button>
    </div>
  );
}

function Body({ lane }: { lane: Lane }) {
  const t = useT("chat");
  if (lane.text) return <Markdown text={lane.text} className="text-sm" />;
  if (isUnderWay(lane)) return <p className="flex items-center gap-2.5 text-sm text-muted-foreground"><span aria-hidden="true" className="size-2 animate-pulse-soft rounded-full bg-primary" />{t("thinking")}</p>;
  return lane.status === "done" ? <p className="text-sm text-muted-foreground italic">{t("empty_answer")}</p> : null;
}

function Foot({ lane }: { lane: Lane }) {
  const t = useT("prompts.test");
  const tChat = useT("chat");
  const { status, metrics, finishReason, runId } = lane;
  if (isUnderWay(lane)) return null;
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-t px-4 py-2.5 text-xs text-muted-foreground [&_svg]:size-3.5">
      {status === "stopped" ? <span className="inline-flex items-center gap-1.5"><CircleStop aria-hidden="true" />{tChat("stopped")}</span> : null}
      {finishReason === "length" || finishReason === "content_filter" ? <span className="inline-flex items-center gap-1.5"><Scissors aria-hidden="true" />{tChat(`finish.${finishReason}`)}</span> : null}
      {metrics ? <Metrics metrics={metrics} /> : null}
      {runId ? <Link href={`/runs/${runId}`} className="ms-auto text-primary hover:underline">{t("open_run")}</Link> : null}
    </div>
  );
}

/** What one model answered. Give it the same `onRetry` each time: it is rendered anew only when its lane is. */
export const LaneCard = memo(function LaneCard({ lane, index, onRetry }: { lane: Lane; index: number; onRetry: (index: number) => void }) {
  const t = useT("prompts.test");
  const tCore = useT("core");
  const underWay = isUnderWay(lane);
  const settled = lane.status === "done" || lane.status === "stopped";
  return (
    <Card role="group" aria-label={t("answer_of", { model: lane.model })} aria-busy={underWay} className="flex min-w-0 flex-col">
      <div className="flex h-11 items-center gap-2 border-b ps-4 pe-2">
        <h4 dir="ltr" className="min-w-0 truncate font-mono text-xs font-medium" title={lane.model}>{lane.model}</h4>
        <span className="ms-auto flex items-center">
          {underWay ? <Spinner className="me-2 size-4 text-muted-foreground" /> : null}
          {!underWay && lane.text ? <CopyButton text={lane.text} label={t("copy_answer")} copiedLabel={tCore("copied")} className="text-muted-foreground" /> : null}
          {settled ? <Button variant="ghost" size="icon-sm" className="text-muted-foreground" aria-label={t("again", { model: lane.model })} title={t("again", { model: lane.model })} onClick={() => onRetry(index)}><RotateCw /></Button> : null}
        </span>
      </div>
      <div className="grid min-w-0 grow content-start gap-3 p-4">
        <Body lane={lane} />
        <Trouble lane={lane} onRetry={() => onRetry(index)} />
      </div>
      <Foot lane={lane} />
    </Card>
  );
});
