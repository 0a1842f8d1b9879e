"use client";

import { ArrowLeft, Ellipsis, Rocket, Trash2, Undo2 } from "lucide-react";
import { useWatch } from "react-hook-form";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { SaveState } from "./save-state";
import { Stepper } from "./stepper";
import { useSaveSnapshot } from "./use-autosave";
import { useWizard } from "./wizard-context";

/** Whether there is something that callers do not get yet. */
function useHasChanges(): boolean {
  const { agent, saver } = useWizard();
  const { state } = useSaveSnapshot(saver);
  return agent.has_draft || agent.status === "draft" || state !== "saved";
}

function Status() {
  const t = useT("wizard");
  const tCore = useT("core.status");
  const { agent } = useWizard();
  const changed = useHasChanges();
  if (agent.status === "draft") return <Badge tone="warning">{tCore("draft")}</Badge>;
  return changed ? <Badge tone="primary">{t("unpublished")}</Badge> : <Badge tone="success">{tCore("published")}</Badge>;
}

function MoreMenu() {
  const t = useT("wizard.discard");
  const tCore = useT("core");
  const { agent, publishing } = useWizard();
  const changed = useHasChanges();
  const published = agent.status === "published";
  if (!changed) return null;
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={tCore("more_actions")} title={tCore("more_actions")}><Ellipsis /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuItem tone="destructive" disabled={publishing.busy} onSelect={() => void publishing.discard()}>
          {published ? <Undo2 className="rtl:-scale-x-100" /> : <Trash2 />}
          {published ? t("changes") : t("agent")}
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

/** Above every step: whose configuration this is, whether it is saved, and the way to publish it. */
export function WizardHeader() {
  const t = useT("wizard");
  const { agent, form, publishing } = useWizard();
  const name = useWatch({ control: form.control, name: "name" });
  const changed = useHasChanges();
  const published = agent.status === "published";
  return (
    <div className="sticky top-14 z-20 border-b bg-background/90 backdrop-blur-md">
      <div className="flex h-13 items-center gap-2 px-3 md:px-5">
        <Button asChild variant="ghost" size="icon-sm">
          <Link href={published ? `/agents/${agent.id}` : "/agents"} aria-label={published ? t("back_to_agent") : t("back_to_agents")}><ArrowLeft className="rtl:-scale-x-100" /></Link>
        </Button>
        <h1 dir="auto" className="min-w-0 shrink truncate text-[0.9375rem] font-semibold">{name.trim() || t("untitled")}</h1>
        <span className="shrink-0 max-sm:sr-only"><Status /></span>
        <div className="ms-auto flex shrink-0 items-center gap-1.5">
          <SaveState />
          <MoreMenu />
          <Button size="sm" busy={publishing.busy} disabled={!changed} onClick={() => void publishing.publish()}>
            <Rocket /><span className="max-sm:sr-only">{published ? t("publish.changes") : t("publish.action")}</span>
          </Button>
        </div>
      </div>
      <Stepper />
    </div>
  );
}
