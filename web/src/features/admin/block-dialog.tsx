"use client";

import { useForm } from "react-hook-form";

import { useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";

const HOUR = 60;
const DAY = 24 * HOUR;
/** For how long, in minutes. */
const DURATIONS = { m15: 15, h1: HOUR, d1: DAY, d7: 7 * DAY, d30: 30 * DAY, d365: 365 * DAY } as const;
type Duration = keyof typeof DURATIONS;

interface BlockForm {
  address: string;
  duration: Duration;
  reason: string;
}

export function BlockDialog({ onClose }: { onClose: () => void }) {
  const t = useT("admin.blocks");
  const tCore = useT("core");
  const create = $api.useMutation("post", "/v1/admin/blocked-ips");
  const form = useForm<BlockForm>({ defaultValues: { address: "", duration: "h1", reason: "" } });
  const failed = useFormFailed(form.setError, ["address", "duration", "reason"], { minutes: "duration" });
  const { errors } = form.formState;
  const submit = form.handleSubmit(async ({ address, duration, reason }) => {
    try {
      const { subject } = await create.mutateAsync({ body: { address: address.trim(), minutes: DURATIONS[duration], reason: reason.trim() || null } });
      toast({ title: t("added", { subject }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  });
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("add")} description={t("dialog.body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-5">
          <Field label={t("dialog.address")} error={errors.address?.message}>
            <FieldInput dir="ltr" placeholder="192.0.2.7" maxLength={50} autoComplete="off" spellCheck={false} {...form.register("address", { validate: (value) => value.trim() !== "" || t("dialog.address_required") })} />
          </Field>
          <Field label={t("dialog.minutes")} error={errors.duration?.message}>
            <FieldSelect {...form.register("duration")}>
              {(Object.keys(DURATIONS) as Duration[]).map((name) => <option key={name} value={name}>{t(`for.${name}`)}</option>)}
            </FieldSelect>
          </Field>
          <Field label={t("dialog.reason")} hint={t("dialog.reason_hint")} aside={tCore("optional")} error={errors.reason?.message}>
            <FieldInput maxLength={200} {...form.register("reason")} />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" busy={create.isPending}>{t("dialog.submit")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
