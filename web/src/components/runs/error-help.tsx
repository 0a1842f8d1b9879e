"use client";

import { Button } from "@/components/ui/button";
import { remedyOf, topicOf } from "@/lib/error-guide";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

/** Why a run with this code failed, and what to do about it. */
export function ErrorHelp({ code }: { code: string | null }) {
  const t = useT("errors");
  const topic = topicOf(code);
  return (
    <dl className="grid gap-3 text-sm sm:grid-cols-2 sm:gap-6">
      <div className="grid content-start gap-1">
        <dt className="text-xs font-medium text-muted-foreground">{t("detail.cause")}</dt>
        <dd className="text-pretty">{t(`guide.${topic}.cause`)}</dd>
      </div>
      <div className="grid content-start gap-1">
        <dt className="text-xs font-medium text-muted-foreground">{t("detail.todo")}</dt>
        <dd className="text-pretty">{t(`guide.${topic}.todo`)}</dd>
      </div>
    </dl>
  );
}

/** Leads to where the cause is mended, if that is a place of this program. */
export function RemedyLink({ code, agentId }: { code: string | null; agentId: string | null }) {
  const t = useT("errors.detail");
  const remedy = remedyOf(topicOf(code));
  if (remedy === "providers") {
    return <Button asChild size="sm" variant="secondary"><Link href="/settings?tab=models">{t("open_providers")}</Link></Button>;
  }
  if (remedy === "agent" && agentId !== null) {
    return <Button asChild size="sm" variant="secondary"><Link href={`/agents/${agentId}`}>{t("open_agent")}</Link></Button>;
  }
  return null;
}
