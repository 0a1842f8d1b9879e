"use client";

import { Globe, Lock } from "lucide-react";

import { Badge } from "@/components/ui/badge";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Draft or published, whether there are changes that callers do not see yet, and whom it is there for. */
export function AgentBadges({ agent }: { agent: Pick<AgentSummary, "status" | "has_draft" | "visibility"> }) {
  const t = useT("agents");
  const tStatus = useT("core.status");
  return (
    <span className="flex flex-wrap gap-1.5">
      {agent.status === "draft" ? <Badge tone="warning">{tStatus("draft")}</Badge> : <Badge tone="success">{tStatus("published")}</Badge>}
      {agent.status !== "draft" && agent.has_draft ? <Badge tone="outline">{t("unpublished_changes")}</Badge> : null}
      {agent.visibility === "private" ? <Badge tone="outline"><Lock aria-hidden="true" />{t("share.badge_private")}</Badge> : null}
      {agent.visibility === "public" ? <Badge tone="primary"><Globe aria-hidden="true" />{t("share.badge_public")}</Badge> : null}
    </span>
  );
}

/** "provider/model" of a configuration as it is stored; null when the server chooses. */
export function modelOf(config: Readonly<Record<string, unknown>>): string | null {
  const { provider, model } = config;
  if (typeof provider !== "string") return null;
  return typeof model === "string" ? `${provider}/${model}` : provider;
}
