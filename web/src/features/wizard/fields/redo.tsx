"use client";

import { Sparkles, Square, Undo2 } from "lucide-react";

import { Button } from "@/components/ui/button";
import { Tooltip } from "@/components/ui/tooltip";
import { useT } from "@/lib/i18n";

import type { ProposedField } from "../proposal";
import { useWizard } from "../wizard-context";

const SMALL = "-my-1.5 h-7 gap-1.5 px-2 text-xs [&_svg]:size-3.5";

/** Has one field written anew by the model, and takes that back. `name` is what the field is called. */
export function Redo({ field, name, empty }: { field: ProposedField; name: string; empty: boolean }) {
  const t = useT("wizard.redo");
  const { proposal } = useWizard();
  const running = proposal.running === field;
  const possible = proposal.describe() !== null;
  if (running) {
    return (
      <Button variant="ghost" size="sm" className={`${SMALL} -me-2`} onClick={proposal.stop} aria-label={t("stop_label", { name })}>
        <Square className="fill-current" />{t("stop")}
      </Button>
    );
  }
  return (
    <span className="-me-2 inline-flex items-center gap-1">
      {proposal.undoable.has(field) ? (
        <Button variant="ghost" size="sm" className={SMALL} onClick={() => proposal.undo(field)} aria-label={t("undo_label", { name })}>
          <Undo2 className="rtl:-scale-x-100" />{t("undo")}
        </Button>
      ) : null}
      <Tooltip label={possible ? t("hint") : t("not_yet")}>
        <Button
          variant="ghost"
          size="sm"
          className={`${SMALL} text-primary hover:text-primary`}
          aria-disabled={!possible || proposal.running !== null || undefined}
          onClick={() => { if (possible && proposal.running === null) void proposal.start(field); }}
          aria-label={empty ? t("write_label", { name }) : t("rewrite_label", { name })}
        >
          <Sparkles />{empty ? t("write") : t("rewrite")}
        </Button>
      </Tooltip>
    </span>
  );
}

/** Whether this field is being written right now. */
export function useBeingWritten(field: ProposedField | undefined): boolean {
  const { proposal } = useWizard();
  return field !== undefined && (proposal.running === "all" || proposal.running === field);
}

/** Why the last attempt at this field failed. */
export function RedoFailure({ field }: { field: ProposedField }) {
  const t = useT("wizard.redo");
  const tCore = useT("core.error");
  const { proposal } = useWizard();
  if (proposal.failed !== field || !proposal.error) return null;
  return <p role="alert" className="text-[0.8125rem] text-destructive">{t("failed", { reason: proposal.error.offline ? tCore("offline") : proposal.error.message })}</p>;
}
