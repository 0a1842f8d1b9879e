"use client";

import { useState, type FormEvent } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

function PasswordForm({ me, onDone, onCancel }: { me: Me; onDone: () => void; onCancel: () => void }) {
  const t = useT("core.reauth");
  const tCore = useT("core");
  const confirm = $api.useMutation("post", "/v1/auth/reauthenticate");
  const [password, setPassword] = useState("");
  const error = confirm.error ? toApiError(confirm.error) : null;
  const wrong = error?.fields.some(({ field }) => field === "password") ? t("wrong") : error?.message;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate({ body: { password } }, { onSuccess: onDone });
  };

  return (
    <form onSubmit={submit} className="grid gap-4">
      <p className="rounded-lg bg-muted px-3 py-2 text-sm break-all">{me.email}</p>
      <input type="email" name="email" autoComplete="username" value={me.email} readOnly hidden />
      <Field label={t("password")} error={error?.offline ? tCore("error.offline") : wrong}>
        <FieldInput type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} required />
      </Field>
      <DialogFooter>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
        <Button type="submit" busy={confirm.isPending}>{t("submit")}</Button>
      </DialogFooter>
    </form>
  );
}

/** What somebody did wants a recent sign-in: it waits below this dialog, with all that was typed. */
export function ReauthDialog({ me, onAnswer }: { me: Me; onAnswer: (proved: boolean) => void }) {
  const t = useT("core.reauth");
  const tCore = useT("core");
  return (
    <Dialog open onOpenChange={() => onAnswer(false)}>
      <DialogContent top heading={t("title")} description={t("description")} closeLabel={tCore("close")} className="sm:max-w-sm">
        <PasswordForm me={me} onDone={() => onAnswer(true)} onCancel={() => onAnswer(false)} />
      </DialogContent>
    </Dialog>
  );
}
