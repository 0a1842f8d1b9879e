"use client";

import { RunStatusIcon } from "@/components/runs/run-status";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { $api } from "@/lib/api/query";
import type { Run, RunSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { RunPreview } from "@/components/runs/run-cells";

const SHOWN = 12;

function Item({ run, current }: { run: RunSummary; current: boolean }) {
  return (
    <li>
      <Link
        href={`/runs/${run.id}`}
        aria-current={current ? "page" : undefined}
        className="flex items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-sm hover:bg-muted aria-[current=page]:bg-primary-soft aria-[current=page]:text-primary-soft-foreground"
      >
        <RunStatusIcon status={run.status} className="size-3.5" />
        <span dir="auto" className="clip min-w-0 grow"><RunPreview run={run} /></span>
        <RelativeTime value={run.created_at} className="text-xs text-muted-foreground" />
      </Link>
    </li>
  );
}

/** The runs before and after this one in its conversation, oldest first. */
export function ConversationRuns({ run }: { run: Run }) {
  const t = useT("runs.conversation");
  const id = run.conversation_id ?? "";
  const { data } = $api.useQuery("get", "/v1/runs", { params: { query: { conversation_id: id, limit: SHOWN } } }, { enabled: id !== "" });
  if (!data || data.data.length < 2) return null;
  return (
    <Card className="px-2.5 py-4">
      <h2 className="mb-2 px-2.5 text-[0.8125rem] font-semibold">{t("title")}</h2>
      <ol className="grid grid-cols-[minmax(0,1fr)] gap-0.5">{data.data.toReversed().map((other) => <Item key={other.id} run={other} current={other.id === run.id} />)}</ol>
      {data.next_cursor ? <Link href={`/runs?conversation=${id}`} className="mt-2 inline-block px-2.5 text-[0.8125rem] text-primary hover:underline">{t("all")}</Link> : null}
    </Card>
  );
}
