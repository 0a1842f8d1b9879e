"use client";

import { Zap } from "lucide-react";

import { Tooltip } from "@/components/ui/tooltip";
import { useSeconds } from "@/lib/clock";
import type { RunSummary } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

function Elapsed({ since }: { since: string }) {
  const now = useSeconds();
  const { duration } = useFormat();
  return <>{duration(Math.max(0, Math.floor((now - new Date(since).getTime()) / 1_000) * 1_000))}</>;
}

/** How long it took, or takes. */
export function RunDuration({ run }: { run: RunSummary }) {
  const { duration } = useFormat();
  if (run.status === "running") return <span className="text-primary"><Elapsed since={run.created_at} /></span>;
  return <>{duration(run.latency_ms)}</>;
}

/** Tokens read and written, together; apart in the title. */
export function RunTokens({ run }: { run: RunSummary }) {
  const t = useT("runs");
  const { compact, number } = useFormat();
  if (run.input_tokens === null && run.output_tokens === null) return <span className="text-muted-foreground">–</span>;
  return (
    <span title={t("tokens_in_out", { input: number(run.input_tokens), output: number(run.output_tokens) })}>
      {compact((run.input_tokens ?? 0) + (run.output_tokens ?? 0))}
    </span>
  );
}

/** The agent that answered, or why none is named. */
export function RunAgent({ run, className }: { run: RunSummary; className?: string }) {
  const t = useT("runs");
  if (run.agent_name !== null) return <span dir="auto" className={cn("clip", className)} title={run.agent_name}>{run.agent_name}</span>;
  return <span className={cn("truncate text-muted-foreground", className)}>{run.agent_id === null ? t(`kind.${run.kind}`) : t("deleted_agent")}</span>;
}

/** What was asked, in one line; it stands in a `clip` with `dir="auto"`. */
export function RunPreview({ run }: { run: RunSummary }) {
  const t = useT("runs");
  const text = run.input_preview?.replace(/\s+/g, " ").trim();
  if (text) return <>{text}</>;
  return <span className="pe-0.5 text-muted-foreground italic">{t("no_preview")}</span>;
}

export function CachedMark() {
  const t = useT("runs");
  return (
    <Tooltip label={t("cached")}>
      <span className="inline-flex text-warning"><Zap aria-hidden="true" className="size-3.5" /><span className="sr-only">{t("cached")}</span></span>
    </Tooltip>
  );
}
