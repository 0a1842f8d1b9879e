"use client";

import { useState, type ReactNode } from "react";
import { useForm, type UseFormReturn } from "react-hook-form";

import { useActionFailed, useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { ApiKey } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

import { formOf, keyBody, keyPatch, missingIn, newKey, useCreateKey, type KeyForm } from "./create-key";
import { AgentFields, LimitFields, NameField, OwnerField, ScopeFields } from "./key-fields";
import { ShownOnce } from "./shown-once";

const FIELD_OF = { scopes: "access", agents: "agents", date: "date" } as const;

/** Sends what is complete; what is missing is shown where it is. */
function useSubmit(form: UseFormReturn<KeyForm>, held: readonly string[] | null, send: (values: KeyForm) => Promise<void>): () => void {
  const t = useT("keys");
  return () => {
    form.clearErrors();
    void form.handleSubmit(async (values) => {
      const missing = missingIn(values, held);
      if (missing) form.setError(FIELD_OF[missing], { message: t(`${missing}_missing`) }, { shouldFocus: true });
      else await send(values);
    })();
  };
}

function Frame({ busy, submit, onCancel, label, children }: { busy: boolean; submit: () => void; onCancel: () => void; label: string; children: ReactNode }) {
  const tCore = useT("core");
  return (
    <form onSubmit={(event) => { event.preventDefault(); submit(); }} noValidate className="grid gap-5">
      {children}
      <DialogFooter>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
        <Button type="submit" busy={busy}>{label}</Button>
      </DialogFooter>
    </form>
  );
}

const FIELDS = ["name", "rate", "date"] as const;

function CreateKeyForm({ name, agentId, onCreated, onCancel }: { name: string; agentId: string | undefined; onCreated: (secret: string) => void; onCancel: () => void }) {
  const t = useT("keys");
  const me = useMe();
  const manages = usePermission("keys:manage");
  const create = useCreateKey();
  const form = useForm<KeyForm>({ defaultValues: newKey(name, agentId) });
  const failed = useFormFailed(form.setError, FIELDS, { requests_per_minute: "rate", expires_at: "date" });
  const held = me?.permissions ?? [];
  const submit = useSubmit(form, held, async (values) => {
    try {
      const made = await create.mutateAsync({ body: keyBody(values, held, Date.now()) });
      onCreated(made.key ?? "");
    } catch (thrown) {
      failed(thrown);
    }
  });
  return (
    <Frame busy={create.isPending} submit={submit} onCancel={onCancel} label={t("create")}>
      <NameField form={form} />
      {manages && me?.org.personal === false ? <OwnerField form={form} /> : null}
      <ScopeFields form={form} />
      <LimitFields form={form} kept={false} />
      <AgentFields form={form} />
    </Frame>
  );
}

/** Makes an API key and shows it once; `onCreated` may take it, to fill it in an example. `agentId`: for that agent alone. */
export function CreateKeyDialog({ name = "", agentId, onClose, onCreated }: { name?: string; agentId?: string; onClose: () => void; onCreated?: (secret: string) => void }) {
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
          <CreateKeyForm name={name} agentId={agentId} onCancel={onClose} onCreated={(made) => { setSecret(made); onCreated?.(made); }} />
        )}
      </DialogContent>
    </Dialog>
  );
}

/** Everything of a key but what it may do, which never changes. */
export function EditKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  const change = $api.useMutation("patch", "/v1/api-keys/{id}");
  const form = useForm<KeyForm>({ defaultValues: formOf(apiKey) });
  const failed = useFormFailed(form.setError, FIELDS, { requests_per_minute: "rate", expires_at: "date" });
  const submit = useSubmit(form, null, async (values) => {
    try {
      const { name } = await change.mutateAsync({ params: { path: { id: apiKey.id } }, body: keyPatch(values, Date.now()) });
      toast({ title: t("saved", { name }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  });
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("edit_title", { name: apiKey.name })} closeLabel={tCore("close")}>
        <Frame busy={change.isPending} submit={submit} onCancel={onClose} label={t("save")}>
          <NameField form={form} />
          <LimitFields form={form} kept />
          <AgentFields form={form} />
        </Frame>
      </DialogContent>
    </Dialog>
  );
}

export function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  const failed = useActionFailed();
  const revoke = $api.useMutation("delete", "/v1/api-keys/{id}");
  // Told also when the dialog was closed meanwhile.
  const submit = async () => {
    try {
      await revoke.mutateAsync({ params: { path: { id: apiKey.id } } });
      toast({ title: t("revoked", { name: apiKey.name }) });
      onClose();
    } catch (error) {
      failed(error);
    }
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("revoke_title", { name: apiKey.name })} description={t("revoke_body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
          <Button variant="destructive" busy={revoke.isPending} onClick={() => void submit()}>{t("revoke")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
