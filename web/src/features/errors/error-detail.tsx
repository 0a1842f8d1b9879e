"use client";

import { ListTree } from "lucide-react";
import type { ReactNode } from "react";

import { ErrorHelp, RemedyLink } from "@/components/runs/error-help";
import { ModelName } from "@/components/runs/model-name";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollRegion } from "@/components/ui/scroll-region";
import type { ErrorEntry } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { isClientKind } from "./error-title";
import { RetryEntry } from "./retry-entry";

function Label({ children }: { children: ReactNode }) {
  return <h2 className="text-xs font-medium text-muted-foreground">{children}</h2>;
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 gap-0.5">
      <dt className="text-xs text-muted-foreground">{name}</dt>
      <dd className="min-w-0 text-[0.8125rem] [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function ClientHelp({ entry }: { entry: ErrorEntry }) {
  const t = useT("errors");
  if (!isClientKind(entry.kind)) return null;
  return (
    <dl className="grid gap-3 text-sm sm:grid-cols-2 sm:gap-6">
      <div className="grid content-start gap-1"><dt className="text-xs font-medium text-muted-foreground">{t("detail.cause")}</dt><dd>{t(`client.${entry.kind}.cause`)}</dd></div>
      <div className="grid content-start gap-1"><dt className="text-xs font-medium text-muted-foreground">{t("detail.todo")}</dt><dd>{t("client.todo")}</dd></div>
    </dl>
  );
}

function Stack({ stack }: { stack: string }) {
  const t = useT("errors.detail");
  const tCore = useT("core");
  return (
    <section className="grid gap-1.5">
      <div className="flex items-center justify-between"><Label>{t("stack")}</Label><CopyButton text={stack} label={t("copy_stack")} copiedLabel={tCore("copied")} className="-my-1 size-7" /></div>
      <ScrollRegion label={t("stack")} dir="ltr" className="max-h-64 rounded-lg bg-muted p-3">
        <pre className="w-fit font-mono text-xs leading-relaxed">{stack}</pre>
      </ScrollRegion>
    </section>
  );
}

function Facts({ entry }: { entry: ErrorEntry }) {
  const t = useT("errors");
  const { exact } = useFormat();
  return (
    <dl className="grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3 tabular-nums">
      {entry.code ? <Fact name={t("detail.code")}><code dir="ltr">{entry.code}</code></Fact> : null}
      {entry.agent_id ? (
        <Fact name={t("detail.agent")}>
          {entry.agent_name === null ? t("detail.deleted_agent") : <Link href={`/agents/${entry.agent_id}`} className="text-primary hover:underline">{entry.agent_name}</Link>}
        </Fact>
      ) : null}
      {entry.model ? <Fact name={t("detail.model")}><ModelName model={entry.model} /></Fact> : null}
      {entry.path ? <Fact name={t("detail.path")}><code dir="ltr">{entry.path}</code></Fact> : null}
      {entry.user_agent ? <Fact name={t("detail.browser")}>{entry.user_agent}</Fact> : null}
      {entry.count > 1 ? (
        <>
          <Fact name={t("detail.first")}>{exact(entry.created_at)}</Fact>
          <Fact name={t("detail.last")}>{exact(entry.last_at)}</Fact>
        </>
      ) : <Fact name={t("detail.when")}>{exact(entry.created_at)}</Fact>}
    </dl>
  );
}

/** What is known of an error, and what to do about it. */
export function ErrorDetail({ entry }: { entry: ErrorEntry }) {
  const t = useT("errors.detail");
  const isRun = entry.source === "run";
  return (
    <div className="grid animate-fade gap-4 grid-cols-[minmax(0,1fr)] px-4 pt-2 pb-5 sm:ps-13 sm:pe-5">
      {isRun ? <ErrorHelp code={entry.code} /> : <ClientHelp entry={entry} />}
      <section className="grid gap-1">
        <Label>{t("message")}</Label>
        <p dir="auto" className="font-mono text-[0.8125rem] whitespace-pre-wrap [overflow-wrap:anywhere]">{entry.message}</p>
      </section>
      {entry.stack ? <Stack stack={entry.stack} /> : null}
      <Facts entry={entry} />
      {isRun ? (
        <div className="flex flex-wrap items-center gap-2">
          {entry.run_id ? <Button asChild size="sm" variant="secondary"><Link href={`/runs/${entry.run_id}`}><ListTree aria-hidden="true" />{t("open_run")}</Link></Button> : null}
          <RemedyLink code={entry.code} agentId={entry.agent_name === null ? null : entry.agent_id} />
          <RetryEntry entry={entry} />
        </div>
      ) : null}
    </div>
  );
}
