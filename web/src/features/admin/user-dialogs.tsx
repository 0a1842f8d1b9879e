"use client";

import { useState, type FormEvent } from "react";

import { FormError } from "@/components/form-error";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import type { AdminUser } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

interface Props {
  user: AdminUser;
  onClose: () => void;
}

/** Why it did not work, in the dialog: a toast would lie behind it. Not to who would not prove who they are. */
function Refusal({ error }: { error: unknown }) {
  const reason = useReason();
  if (!error) return null;
  const problem = toApiError(error);
  return problem.code === REAUTHENTICATION_REQUIRED ? null : <FormError>{reason(problem)}</FormError>;
}

export function SignOutDialog({ user, onClose }: Props) {
  const t = useT("admin.users");
  const tCore = useT("core");
  const signOut = $api.useMutation("post", "/v1/admin/users/{id}/sign-out");
  const submit = () => signOut.mutate({ params: { path: { id: user.id } } }, {
    onSuccess: () => {
      toast({ title: t("done.signed_out", { name: user.name }) });
      onClose();
    },
  });
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("sign_out.title", { name: user.name })} description={t("sign_out.body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <Refusal error={signOut.error} />
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
          <Button busy={signOut.isPending} onClick={submit}>{t("act.sign_out")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

/** Cannot be undone, so the address is typed. */
export function DeleteUserDialog({ user, onClose }: Props) {
  const t = useT("admin.users");
  const tCore = useT("core");
  const remove = $api.useMutation("delete", "/v1/admin/users/{id}");
  const [typed, setTyped] = useState("");
  const ready = typed.trim().toLowerCase() === user.email;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    remove.mutate({ params: { path: { id: user.id } } }, {
      onSuccess: () => {
        toast({ title: t("done.deleted", { name: user.name }) });
        onClose();
      },
    });
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("delete.title", { name: user.name })} description={t("delete.body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={submit} className="grid gap-5">
          <Field label={<span className="[overflow-wrap:anywhere]">{t("delete.type", { email: user.email })}</span>}>
            <FieldInput dir="ltr" value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
          </Field>
          <Refusal error={remove.error} />
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" variant="destructive" disabled={!ready} busy={remove.isPending}>{t("act.delete")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
