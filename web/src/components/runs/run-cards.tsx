"use client";

import { ModelName } from "./model-name";
import { RunStatusIcon } from "./run-status";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import type { RunSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { CachedMark, RunAgent, RunDuration, RunPreview, RunTokens } from "./run-cells";

/** Runs on narrow screens: two lines each. */
export function RunCards({ runs }: { runs: readonly RunSummary[] }) {
  const t = useT("runs");
  return (
    <Card className="lg:hidden">
      <ul aria-label={t("table")} className="divide-y">
        {runs.map((run) => (
          <li key={run.id} className="relative grid grid-cols-[auto_minmax(0,1fr)_auto] gap-x-3 gap-y-1 px-4 py-3 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:-outline-offset-2 has-[a:focus-visible]:outline-ring">
            <RunStatusIcon status={run.status} className="mt-0.5" />
            <div className="flex min-w-0 items-center gap-2 text-sm font-medium">
              <Link href={`/runs/${run.id}`} dir="auto" className="clip min-w-0 after:absolute after:inset-0 focus-visible:outline-none"><RunPreview run={run} /></Link>
              {run.cached ? <CachedMark /> : null}
            </div>
            <RelativeTime value={run.created_at} className="text-xs leading-5 text-muted-foreground" />
            <div className="col-start-2 flex min-w-0 items-center gap-1.5 text-xs text-muted-foreground">
              <RunAgent run={run} className="min-w-0" />
              <span aria-hidden="true">·</span>
              <ModelName provider={run.provider} model={run.model} className="max-w-1/2 shrink-0" />
            </div>
            <div className="flex justify-end gap-3 text-xs text-muted-foreground tabular-nums">{run.output_tokens === null ? null : <RunTokens run={run} />}<RunDuration run={run} /></div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
