"use client";

import { ModelName } from "./model-name";
import { RunStatus } from "./run-status";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Table, Td, Th } from "@/components/ui/table";
import type { RunSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { CachedMark, RunAgent, RunDuration, RunPreview, RunTokens } from "./run-cells";

function Row({ run }: { run: RunSummary }) {
  const t = useT("runs");
  return (
    <tr className="relative transition-colors hover:bg-muted/60 has-[a:focus-visible]:outline-2 has-[a:focus-visible]:-outline-offset-2 has-[a:focus-visible]:outline-ring">
      <Td className="w-34 pe-2"><RunStatus status={run.status} /></Td>
      <Td className="max-w-0">
        <div className="flex min-w-0 items-center gap-2">
          <Link href={`/runs/${run.id}`} dir="auto" className="clip min-w-0 font-medium after:absolute after:inset-0 focus-visible:outline-none"><RunPreview run={run} /></Link>
          {run.kind === "generate" || run.agent_id === null ? null : <Badge tone="outline">{t(`kind.${run.kind}`)}</Badge>}
          {run.cached ? <CachedMark /> : null}
        </div>
      </Td>
      <Td className="w-44 max-w-44"><RunAgent run={run} className="block" /></Td>
      <Td className="w-40 max-w-40 text-muted-foreground"><ModelName provider={run.provider} model={run.model} /></Td>
      <Td className="w-20 text-end tabular-nums"><RunTokens run={run} /></Td>
      <Td className="w-24 text-end whitespace-nowrap tabular-nums"><RunDuration run={run} /></Td>
      <Td className="w-32 text-end text-muted-foreground"><RelativeTime value={run.created_at} className="relative" /></Td>
    </tr>
  );
}

/** Runs on wide screens; the question is each row's link. */
export function RunTable({ runs }: { runs: readonly RunSummary[] }) {
  const t = useT("runs");
  return (
    <Card className="hidden lg:block">
      <Table label={t("table")}>
        <thead>
          <tr>
            <Th>{t("column.status")}</Th>
            <Th>{t("column.input")}</Th>
            <Th>{t("column.agent")}</Th>
            <Th>{t("column.model")}</Th>
            <Th className="text-end">{t("column.tokens")}</Th>
            <Th className="text-end">{t("column.duration")}</Th>
            <Th className="text-end">{t("column.when")}</Th>
          </tr>
        </thead>
        <tbody>{runs.map((run) => <Row key={run.id} run={run} />)}</tbody>
      </Table>
    </Card>
  );
}
