"use client";

import { Copy, MoreHorizontal, Pencil, Trash2 } from "lucide-react";

import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link, useNavigate } from "@/lib/nav";

import { useAgentActions } from "./use-agents";

export function AgentMenu({ agent, onDeleted }: { agent: Pick<AgentSummary, "id" | "name" | "status">; onDeleted?: () => void }) {
  const t = useT("agents.action");
  const navigate = useNavigate();
  const { deleteAgent, duplicateAgent } = useAgentActions();
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={t("menu", { name: agent.name })}><MoreHorizontal /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuItem asChild><Link href={`/agents/${agent.id}/edit`}><Pencil />{t(agent.status === "draft" ? "resume" : "edit")}</Link></DropdownMenuItem>
        <DropdownMenuItem onSelect={() => duplicateAgent(agent, (copy) => { if (onDeleted) navigate(`/agents/${copy.id}`); })}><Copy />{t("duplicate")}</DropdownMenuItem>
        <DropdownMenuSeparator />
        <DropdownMenuItem tone="destructive" onSelect={() => void deleteAgent(agent).then((done) => { if (done) onDeleted?.(); })}><Trash2 />{t("delete")}</DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
