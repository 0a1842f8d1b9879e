"use client";

import { Copy, MoreHorizontal, Pencil, Trash2 } from "lucide-react";

import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import type { AgentSummary } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link, useNavigate } from "@/lib/nav";

import { useAgentActions } from "./use-agents";

export function AgentMenu({ agent, onDeleted }: { agent: Pick<AgentSummary, "id" | "name" | "status" | "user_id">; onDeleted?: () => void }) {
  const t = useT("agents.action");
  const navigate = useNavigate();
  const { deleteAgent, duplicateAgent } = useAgentActions();
  const me = useMe();
  const writes = usePermission("agents:write");
  const deletes = usePermission("agents:delete") || agent.user_id === me?.id;
  if (!writes) return null;
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={t("menu", { name: agent.name })}><MoreHorizontal /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuItem asChild><Link href={`/agents/${agent.id}/edit`}><Pencil />{t(agent.status === "draft" ? "resume" : "edit")}</Link></DropdownMenuItem>
        <DropdownMenuItem onSelect={() => duplicateAgent(agent, (copy) => { if (onDeleted) navigate(`/agents/${copy.id}`); })}><Copy />{t("duplicate")}</DropdownMenuItem>
        {deletes ? (
          <>
            <DropdownMenuSeparator />
            <DropdownMenuItem tone="destructive" onSelect={() => void deleteAgent(agent).then((done) => { if (done) onDeleted?.(); })}><Trash2 />{t("delete")}</DropdownMenuItem>
          </>
        ) : null}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
