"use client";

import { Building2, Globe, Lock } from "lucide-react";
import dynamic from "next/dynamic";
import { useState } from "react";

import { Button } from "@/components/ui/button";
import type { Agent } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

const ShareDialog = dynamic(() => import("./share-dialog").then((module) => module.ShareDialog), { ssr: false });

export const ICONS = { private: Lock, organization: Building2, public: Globe } as const;

/** Whom the agent is there for, to be changed by its creator and by who may delete it. */
export function Share({ agent }: { agent: Agent }) {
  const t = useT("agents.share");
  const me = useMe();
  const [open, setOpen] = useState(false);
  const all = usePermission("agents:delete");
  const writes = usePermission("agents:write");
  if (!writes || !me || (agent.user_id !== me.id && !all)) return null;
  const Icon = ICONS[agent.visibility];
  return (
    <>
      <Button variant="secondary" onClick={() => setOpen(true)}><Icon aria-hidden="true" />{t("action")}</Button>
      {open ? <ShareDialog agent={agent} me={me} onClose={() => setOpen(false)} /> : null}
    </>
  );
}
