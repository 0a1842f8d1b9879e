"use client";

import { CircleAlert } from "lucide-react";

import { ErrorHelp, RemedyLink } from "@/components/runs/error-help";
import { Card } from "@/components/ui/card";
import type { Run } from "@/lib/api/schema";
import { topicOf } from "@/lib/error-guide";
import { useT } from "@/lib/i18n";

/** Why a run failed, in people's words and in the server's, and what to do about it. */
export function RunError({ run }: { run: Run }) {
  const t = useT("errors");
  return (
    <Card className="overflow-hidden border-destructive/30">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 bg-destructive-soft/60 px-5 py-3">
        <h2 className="flex min-w-0 items-center gap-2 font-semibold text-destructive"><CircleAlert aria-hidden="true" className="size-4.5 shrink-0" />{t(`guide.${topicOf(run.error_code)}.title`)}</h2>
        {run.error_code ? <code className="text-xs text-muted-foreground">{run.error_code}</code> : null}
      </div>
      <div className="grid gap-4 px-5 py-4">
        <ErrorHelp code={run.error_code} />
        {run.error_message ? (
          <div className="grid gap-1">
            <h3 className="text-xs font-medium text-muted-foreground">{t("detail.message")}</h3>
            <p dir="auto" className="font-mono text-[0.8125rem] whitespace-pre-wrap [overflow-wrap:anywhere]">{run.error_message}</p>
          </div>
        ) : null}
        <div className="flex flex-wrap gap-2 empty:hidden"><RemedyLink code={run.error_code} agentId={run.agent_name === null ? null : run.agent_id} /></div>
      </div>
    </Card>
  );
}
