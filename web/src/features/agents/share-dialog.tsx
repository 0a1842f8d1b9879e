"use client";

import { ExternalLink, TriangleAlert } from "lucide-react";
import { useState } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { ChoiceCards } from "@/components/ui/choice-cards";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Agent, Me } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { ICONS } from "./share";

type Visibility = Agent["visibility"];

/** Whom somebody may open the agent to: only its creator can make it private, opening it to all is a right of its own. */
export function choicesFor(agent: Pick<Agent, "user_id" | "visibility" | "status">, me: Pick<Me, "id" | "permissions">): Visibility[] {
  const open = me.permissions.includes("agents:share") && agent.status === "published";
  const possible: Readonly<Record<Visibility, boolean>> = { private: agent.user_id === me.id, organization: true, public: open };
  return (["private", "organization", "public"] as const).filter((name) => possible[name] || agent.visibility === name);
}

function PublicLink({ slug }: { slug: string }) {
  const t = useT("agents.share");
  const tCore = useT("core");
  const link = `${window.location.origin}/a/${slug}`;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
      <span className="text-sm font-medium">{t("link")}</span>
      <div className="flex items-center gap-1 rounded-lg border bg-muted py-1.5 ps-3 pe-1.5">
        <code dir="ltr" className="min-w-0 grow truncate font-mono text-[0.8125rem]" data-testid="public-link" title={link}>{link}</code>
        <CopyButton text={link} label={t("copy")} copiedLabel={tCore("copied")} />
        <Button asChild variant="ghost" size="icon-sm"><a href={link} target="_blank" rel="noreferrer" aria-label={t("open")} title={t("open")}><ExternalLink aria-hidden="true" /></a></Button>
      </div>
    </div>
  );
}

export function ShareDialog({ agent, me, onClose }: { agent: Agent; me: Me; onClose: () => void }) {
  const t = useT("agents.share");
  const tCore = useT("core");
  const failed = useActionFailed();
  const change = $api.useMutation("put", "/v1/agents/{id}/visibility");
  const [chosen, setChosen] = useState<Visibility>(agent.visibility);
  const choices = choicesFor(agent, me);
  const opens = chosen === "public" && agent.visibility !== "public";
  const closes = chosen !== "public" && agent.visibility === "public";

  const save = async () => {
    try {
      await change.mutateAsync({ params: { path: { id: agent.id } }, body: { visibility: chosen } });
      toast({ title: t(`saved.${chosen}`, { name: agent.name }) });
      // The link is what one came for.
      if (!opens) onClose();
    } catch (thrown) {
      const error = toApiError(thrown);
      failed(error, error.code === "agent_not_published" ? t("publish_first") : undefined);
    }
  };

  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("title", { name: agent.name })} description={t("description")} closeLabel={tCore("close")}>
        <ChoiceCards
          className="sm:grid-cols-1"
          label={t("label")}
          value={chosen}
          onChange={setChosen}
          choices={choices.map((value) => ({ value, icon: ICONS[value], label: t(`${value}.title`), hint: t(`${value}.hint`) }))}
        />
        {chosen === "public" ? (
          <p className="flex items-start gap-2.5 rounded-lg bg-warning-soft px-3.5 py-2.5 text-sm text-warning"><TriangleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />{t("cost")}</p>
        ) : null}
        {closes ? <p role="status" className="text-sm text-muted-foreground">{t("link_ends")}</p> : null}
        {chosen === "public" && agent.public_id ? <PublicLink slug={agent.public_id} /> : null}
        {agent.status === "draft" ? <p className="text-[0.8125rem] text-muted-foreground">{t("publish_first")}</p> : null}
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore(chosen === agent.visibility ? "close" : "cancel")}</Button>
          <Button disabled={chosen === agent.visibility} busy={change.isPending} onClick={() => void save()}>{t(opens ? "open_up" : "save")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
