"use client";

import { ShieldAlert, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { CopyButton } from "@/components/ui/copy-button";
import { Skeleton } from "@/components/ui/skeleton";
import type { AuditReport } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import type { useVerification } from "./use-log";

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return <div className="flex flex-wrap items-baseline gap-x-2"><dt className="text-muted-foreground">{name}</dt><dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd></div>;
}

function Head({ head }: { head: NonNullable<AuditReport["head"]> }) {
  const t = useT("activity.verify");
  const tCore = useT("core");
  const { number } = useFormat();
  return (
    <>
      <dl className="grid gap-1 tabular-nums">
        <Fact name={t("head")}>{number(head.seq)}</Fact>
        <Fact name={t("hash")}>
          <code dir="ltr" className="font-mono text-xs">{head.hash}</code>{" "}
          <CopyButton text={`${head.seq}:${head.hash}`} label={t("copy_hash")} copiedLabel={tCore("copied")} className="-my-1 inline-flex size-7 align-middle" />
        </Fact>
      </dl>
      <p className="text-muted-foreground">{t("note")}</p>
    </>
  );
}

function Broken({ bad }: { bad: NonNullable<AuditReport["first_bad"]> }) {
  const t = useT("activity.verify");
  const tDetail = useT("activity.detail");
  const { number } = useFormat();
  return (
    <>
      <dl className="grid gap-1 tabular-nums">
        <Fact name={tDetail("seq")}>{bad.seq === null ? tDetail("unchained") : number(bad.seq)}</Fact>
        {bad.id ? <Fact name={tDetail("id")}><code dir="ltr" className="font-mono text-xs">{bad.id}</code></Fact> : null}
      </dl>
      <p className="font-medium">{t(`reason.${bad.reason}`)}</p>
    </>
  );
}

function Report({ report }: { report: AuditReport }) {
  const t = useT("activity.verify");
  const { ok, entries, verified, before_chain: before, head, first_bad: bad } = report;
  const Icon = ok ? ShieldCheck : ShieldAlert;
  return (
    <div className={cn("flex items-start gap-4 rounded-xl border p-5", ok ? "bg-card" : "border-destructive/30 bg-destructive-soft/60")}>
      <Icon aria-hidden="true" className={cn("mt-0.5 size-5 shrink-0", ok ? "text-success" : "text-destructive")} />
      <div className="grid min-w-0 grow gap-2 text-sm">
        <h2 className="font-medium">{t(ok ? "ok_title" : "bad_title")}</h2>
        <p>{ok ? t("ok_body", { count: verified }) : t("bad_body", { count: verified, all: entries })}</p>
        {bad ? <Broken bad={bad} /> : null}
        {before > 0 ? <p>{t("before", { count: before })}</p> : null}
        {ok && head ? <Head head={head} /> : null}
      </div>
    </div>
  );
}

/** What following the chain has shown; nothing before it was asked for. */
export function VerifyResult({ verification }: { verification: ReturnType<typeof useVerification> }) {
  if (verification.isPending) return <Skeleton className="h-40 rounded-xl" />;
  if (verification.error) return <ErrorCard error={verification.error} />;
  return <div role="status">{verification.data ? <Report report={verification.data} /> : null}</div>;
}
