"use client";

import { Badge } from "@/components/ui/badge";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Draft or published, and whether there are changes that callers do not see yet. */
export function AgentBadges({ agent }: { agent: Pick<AgentSummary, "status" | "has_draft" | "version"> }) {
  const t = useT("agents");
  const tStatus = useT("core.status");
  if (agent.status === "draft") return <Badge tone="warning" className="w-fit">{tStatus("draft")}</Badge>;
  return (
    <span className="flex flex-wrap gap-1.5">
      <Badge tone="success">{tStatus("published")}</Badge>
      {agent.has_draft ? <Badge tone="outline">{t("unpublished_changes")}</Badge> : null}
    </span>
  );
}

/** "provider/model" of a configuration as it is stored; null when the server chooses. */
export function modelOf(config: Readonly<Record<string, unknown>>): string | null {
  const { provider, model } = config;
  if (typeof provider !== "string") return null;
  return typeof model === "string" ? `${provider}/${model}` : provider;
}
