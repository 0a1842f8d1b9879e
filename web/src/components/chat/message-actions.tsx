"use client";

import { ChevronLeft, ChevronRight, Pencil, RefreshCw, type LucideIcon } from "lucide-react";

import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import type { ChatActions, ShownTurn } from "@/lib/chat";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

const SMALL = "size-8 text-muted-foreground hover:text-foreground [&_svg]:size-3.75";

function IconAction({ icon: Icon, label, onClick, disabled = false, mirror = false }: {
  icon: LucideIcon;
  label: string;
  onClick: () => void;
  disabled?: boolean;
  mirror?: boolean;
}) {
  return (
    <Button variant="ghost" size="icon-sm" className={SMALL} aria-label={label} title={label} onClick={onClick} disabled={disabled}>
      <Icon className={mirror ? "rtl:-scale-x-100" : undefined} />
    </Button>
  );
}

/** Steps through the versions that stand in one place. */
export function VersionSwitch({ shown: { turn, versions }, choose }: { shown: ShownTurn; choose: (turnId: string) => void }) {
  const t = useT("chat.actions");
  const { number } = useFormat();
  const index = versions.indexOf(turn.id);
  if (versions.length < 2) return null;
  const step = (by: number) => {
    const target = versions[index + by];
    return { disabled: target === undefined, onClick: () => { if (target !== undefined) choose(target); } };
  };
  return (
    <div role="group" aria-label={t("version", { index: index + 1, count: versions.length })} className="flex items-center">
      <IconAction icon={ChevronLeft} mirror label={t("previous_version")} {...step(-1)} />
      <span aria-hidden="true" className="min-w-7 text-center text-xs text-muted-foreground tabular-nums">{number(index + 1)}/{number(versions.length)}</span>
      <IconAction icon={ChevronRight} mirror label={t("next_version")} {...step(1)} />
    </div>
  );
}

/** The small controls under a turn. */
export function MessageActions({ shown, actions, onEdit }: { shown: ShownTurn; actions: ChatActions; onEdit?: (() => void) | undefined }) {
  const t = useT("chat.actions");
  const { turn } = shown;
  const { choose, regenerate } = actions;
  return (
    <>
      {turn.text === "" ? null : <CopyButton text={turn.text} label={t("copy")} copiedLabel={t("copied")} className={SMALL} />}
      {onEdit ? <IconAction icon={Pencil} label={t("edit")} onClick={onEdit} /> : null}
      {turn.role === "assistant" && turn.parentId !== null && regenerate ? <IconAction icon={RefreshCw} label={t("regenerate")} onClick={() => regenerate(turn.id)} /> : null}
      {choose ? <VersionSwitch shown={shown} choose={choose} /> : null}
    </>
  );
}
