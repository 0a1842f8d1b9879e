"use client";

import { Ban, CircleAlert, CircleCheck, type LucideIcon } from "lucide-react";

import { Badge, type BadgeTone } from "@/components/ui/badge";
import { Spinner } from "@/components/ui/spinner";
import type { RunSummary } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

export type RunStatusName = RunSummary["status"];

const LOOKS: Readonly<Record<RunStatusName, { icon: LucideIcon | null; tone: BadgeTone; text: string }>> = {
  running: { icon: null, tone: "primary", text: "text-primary" },
  completed: { icon: CircleCheck, tone: "success", text: "text-success" },
  failed: { icon: CircleAlert, tone: "destructive", text: "text-destructive" },
  cancelled: { icon: Ban, tone: "neutral", text: "text-muted-foreground" },
};

function Mark({ status, className }: { status: RunStatusName; className?: string }) {
  const { icon: Icon, text } = LOOKS[status];
  const classes = cn("size-4 shrink-0", text, className);
  return Icon ? <Icon aria-hidden="true" className={classes} /> : <Spinner className={classes} />;
}

/** How far a run is, as an icon; its name is for screen readers and pointers. */
export function RunStatusIcon({ status, className }: { status: RunStatusName; className?: string }) {
  const t = useT("core.status");
  return (
    <span title={t(status)} className="inline-flex">
      <Mark status={status} {...(className ? { className } : {})} />
      <span className="sr-only">{t(status)}</span>
    </span>
  );
}

/** The same in words. */
export function RunStatus({ status }: { status: RunStatusName }) {
  const t = useT("core.status");
  return (
    <span className="inline-flex items-center gap-2 align-middle whitespace-nowrap">
      <Mark status={status} />
      {t(status)}
    </span>
  );
}

/** The same as a badge, for the head of a page. */
export function RunStatusBadge({ status }: { status: RunStatusName }) {
  const t = useT("core.status");
  return (
    <Badge tone={LOOKS[status].tone}>
      <Mark status={status} className="text-current" />
      {t(status)}
    </Badge>
  );
}
