"use client";

import { useState } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import type { Prompt } from "@/lib/api/schema";
import { useAgo } from "@/lib/format";
import { useT } from "@/lib/i18n";

function Theirs({ prompt }: { prompt: Prompt }) {
  const t = useT("prompts.conflict");
  const { ago } = useAgo(prompt.updated_at);
  return (
    <div className="grid gap-1.5">
      <h3 className="text-sm font-medium">{t("theirs", { version: prompt.version, ago })}</h3>
      {/* Scrolls, so the keyboard must reach it. */}
      <div dir="auto" role="group" aria-label={t("theirs", { version: prompt.version, ago })} className="max-h-56 overflow-y-auto rounded-lg bg-muted/60 px-3.5 py-2.5 text-sm whitespace-pre-wrap [overflow-wrap:anywhere]">{prompt.prompt_text}</div>
    </div>
  );
}

/** Somebody saved the prompt meanwhile. */
export function ConflictDialog({ theirs, saving, onResolve }: { theirs: Prompt; saving: boolean; onResolve: (by: "theirs" | "mine" | "later") => void }) {
  const t = useT("prompts.conflict");
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onResolve("later"); }}>
      <DialogContent heading={t("title")} description={t("body")} closeLabel={t("later")}>
        <Theirs prompt={theirs} />
        <DialogFooter>
          <Button variant="secondary" onClick={() => onResolve("theirs")}>{t("load_theirs")}</Button>
          <Button variant="destructive" busy={saving} onClick={() => onResolve("mine")}>{t("overwrite")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

interface LeaveDialogProps {
  onStay: () => void;
  onDiscard: () => void;
  onSave: () => Promise<unknown>;
}

/** The way leads elsewhere, and something is not saved. */
export function LeaveDialog({ onStay, onDiscard, onSave }: LeaveDialogProps) {
  const t = useT("prompts.leave");
  const [saving, setSaving] = useState(false);
  const save = () => {
    setSaving(true);
    void onSave().finally(() => setSaving(false));
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onStay(); }}>
      <DialogContent heading={t("title")} description={t("body")} closeLabel={t("stay")}>
        <DialogFooter>
          <Button variant="ghost" className="sm:me-auto" onClick={onStay}>{t("stay")}</Button>
          <Button variant="secondary" onClick={onDiscard}>{t("discard")}</Button>
          <Button busy={saving} onClick={save}>{t("save")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
