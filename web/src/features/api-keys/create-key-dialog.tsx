"use client";

import { useState } from "react";
import { useForm } from "react-hook-form";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { toApiError } from "@/lib/api/problem";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";

import { EXPIRIES, SCOPES, keyBody, useCreateKey, type NewKey, type ScopePreset } from "./create-key";
import { ShownOnce } from "./shown-once";

const PRESETS = Object.keys(SCOPES) as ScopePreset[];

function CreateKeyForm({ name, onCreated, onCancel }: { name: string; onCreated: (secret: string) => void; onCancel: () => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  const form = useForm<NewKey>({ defaultValues: { name, scopes: "run", expiry: "90" } });
  const fail = useActionFailed();
  const create = useCreateKey();
  const { errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    try {
      const made = await create.mutateAsync({ body: keyBody(values, Date.now()) });
      onCreated(made.key ?? "");
    } catch (thrown) {
      const error = toApiError(thrown);
      if (setFormErrors(error, form.setError, ["name"]).length || !error.fields.length) fail(error);
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <Field label={t("name")} hint={t("name_hint")} error={errors.name?.message}>
        <FieldInput maxLength={100} placeholder={t("name_placeholder")} {...form.register("name", { validate: (value) => value.trim() !== "" || t("name_required") })} />
      </Field>
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label={t("scopes")}>
          <FieldSelect {...form.register("scopes")}>{PRESETS.map((preset) => <option key={preset} value={preset}>{t(`scopes_${preset}`)}</option>)}</FieldSelect>
        </Field>
        <Field label={t("expires")}>
          <FieldSelect {...form.register("expiry")}>{EXPIRIES.map((expiry) => <option key={expiry} value={expiry}>{t(`expiry.${expiry}`)}</option>)}</FieldSelect>
        </Field>
      </div>
      <DialogFooter>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
        <Button type="submit" busy={create.isPending}>{t("create")}</Button>
      </DialogFooter>
    </form>
  );
}

/** Makes an API key and shows it once; `onCreated` may take it, to fill it in an example. */
export function CreateKeyDialog({ name = "", onClose, onCreated }: { name?: string; onClose: () => void; onCreated?: (secret: string) => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={secret ? t("created_title") : t("create")} closeLabel={tCore("close")}>
        {secret ? (
          <>
            <ShownOnce secret={secret} />
            <DialogFooter><Button onClick={onClose}>{t("done")}</Button></DialogFooter>
          </>
        ) : (
          <CreateKeyForm name={name} onCancel={onClose} onCreated={(made) => { setSecret(made); onCreated?.(made); }} />
        )}
      </DialogContent>
    </Dialog>
  );
}
