"use client";

import { RotateCw } from "lucide-react";
import { useState } from "react";

import { requestAgain, useAgain } from "@/components/runs/use-again";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toast";
import { api } from "@/lib/api/client";
import type { ErrorEntry } from "@/lib/api/schema";
import { usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { hasEnded, type LiveRun } from "@/lib/run-stream";

function Outcome({ live }: { live: LiveRun }) {
  const t = useT("errors.retry");
  const words = () => {
    switch (live.phase) {
      case "completed":
        return <span className="text-success">{t("done")}</span>;
      case "failed":
        return <span className="text-destructive">{t("failed", { message: live.error?.message ?? "" })}</span>;
      case "lost":
        return <span className="text-warning">{t("lost")}</span>;
      case "cancelled":
        return t("cancelled");
      default:
        return t("running");
    }
  };
  return (
    <span role="status" className="flex min-w-0 flex-wrap items-center gap-x-3 text-sm">
      {words()}
      {live.runId ? <Link href={`/runs/${live.runId}`} className="text-primary hover:underline">{t("open")}</Link> : null}
    </span>
  );
}

/** Asks a failed run's question again, where that can help. */
export function RetryEntry({ entry }: { entry: ErrorEntry }) {
  const t = useT("errors.retry");
  const fail = useActionFailed();
  const { live, start } = useAgain();
  const [loading, setLoading] = useState(false);
  const runs = usePermission("ai:run");
  if (!runs) return null;
  if (entry.retryable !== true || entry.run_id === null || entry.agent_name === null || entry.kind !== "generate") return null;

  const retry = async (id: string) => {
    setLoading(true);
    try {
      const { data: run } = await api.GET("/v1/runs/{id}", { params: { path: { id } } });
      const request = run ? requestAgain(run) : null;
      if (request) start(request);
      else toast({ title: t("no_input"), tone: "info" });
    } catch (thrown) {
      fail(thrown);
    } finally {
      setLoading(false);
    }
  };

  const runId = entry.run_id;
  const busy = loading || (live !== null && !hasEnded(live));
  return (
    <>
      <Button size="sm" busy={busy} onClick={() => void retry(runId)}>{busy ? null : <RotateCw />}{t("again")}</Button>
      {live ? <Outcome live={live} /> : null}
    </>
  );
}
