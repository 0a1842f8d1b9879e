"use client";

import { useState, type FormEvent } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import type { OrganizationPlan } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { RATE_MAX, wholeNumber } from "./settings-form";
import { useOrgPlan } from "./use-org-plan";

/** An organisation's own limit in place of its plan's. */
export function LimitDialog({ org, onClose }: { org: OrganizationPlan; onClose: () => void }) {
  const t = useT("admin.orgs.limit");
  const tCore = useT("core");
  const { change, pending } = useOrgPlan(useActionFailed());
  const [typed, setTyped] = useState(org.requests_per_minute === null ? "" : String(org.requests_per_minute));
  const [wrong, setWrong] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const limit = typed.trim() === "" ? null : wholeNumber(typed, { min: 1, max: RATE_MAX });
    if (limit === undefined) {
      setWrong(true);
      return;
    }
    if (limit === org.requests_per_minute || (await change(org, { requests_per_minute: limit }))) onClose();
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("title", { name: org.name })} description={t("body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-5">
          <Field label={t("field")} hint={t("hint")} error={wrong ? t("wrong", { max: RATE_MAX }) : undefined}>
            <FieldInput inputMode="numeric" dir="ltr" value={typed} onChange={(event) => { setTyped(event.target.value); setWrong(false); }} />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" busy={pending}>{tCore("save")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
