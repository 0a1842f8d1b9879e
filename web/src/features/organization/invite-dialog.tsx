"use client";

import { MailCheck, MailWarning } from "lucide-react";
import { useState } from "react";
import { useForm } from "react-hook-form";

import { ErrorCard } from "@/components/shell/error-card";
import { useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Skeleton } from "@/components/ui/skeleton";
import { $api } from "@/lib/api/query";
import type { Invitation } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import { givable, keyOf, roleBody } from "./roles";
import { useRoles, useRoleTexts } from "./use-roles";

/** The link, for who has no mail server or does not want to wait for it. */
function Invited({ invitation }: { invitation: Invitation }) {
  const t = useT("org.invite");
  const tCore = useT("core");
  const { date } = useFormat();
  const providers = $api.useQuery("get", "/v1/auth/providers", {}, { staleTime: 300_000 });
  const mail = providers.data?.mail;
  const link = invitation.accept_url ?? "";
  const Icon = mail === false ? MailWarning : MailCheck;
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-4">
      {providers.isPending ? <Skeleton className="h-11 w-full" /> : (
        <p className={cn("flex items-start gap-2.5 rounded-lg px-3.5 py-2.5 text-sm", mail === false ? "bg-warning-soft text-warning" : "bg-success-soft text-success")}>
          <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
          <span className="min-w-0 break-words">{mail === false ? t("no_mail") : t("mailed", { email: invitation.email })}</span>
        </p>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-1.5">
        <span className="text-sm font-medium">{t("link")}</span>
        <div className="flex items-center gap-2 rounded-lg border bg-muted py-1.5 ps-3 pe-1.5">
          <code dir="ltr" className="min-w-0 grow truncate font-mono text-[0.8125rem]" data-testid="invitation-link" title={link}>{link}</code>
          <CopyButton text={link} label={t("copy")} copiedLabel={tCore("copied")} />
        </div>
        <p className="text-[0.8125rem] text-muted-foreground">{t("link_hint", { email: invitation.email, date: date(invitation.expires_at) })}</p>
      </div>
    </div>
  );
}

/** The link of an invitation that was sent again. */
export function InvitedDialog({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const t = useT("org.invite");
  const tCore = useT("core");
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("resent_title", { email: invitation.email })} closeLabel={tCore("close")}>
        <Invited invitation={invitation} />
        <DialogFooter><Button onClick={onClose}>{t("done")}</Button></DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function InviteForm({ onInvited, onCancel }: { onInvited: (invitation: Invitation) => void; onCancel: () => void }) {
  const t = useT("org.invite");
  const tCore = useT("core");
  const me = useMe();
  const roles = useRoles();
  const { title, about } = useRoleTexts();
  const invite = $api.useMutation("post", "/v1/invitations");
  const form = useForm({ defaultValues: { email: "", role: "member" } });
  const failed = useFormFailed(form.setError, ["email", "role"], { role_id: "role" });
  const { errors } = form.formState;
  const choices = me && roles.data ? givable(roles.data.data, me) : [];
  const chosen = choices.find((role) => keyOf(role) === form.watch("role"));

  const submit = form.handleSubmit(async ({ email, role }) => {
    try {
      onInvited(await invite.mutateAsync({ body: { email: email.trim(), ...roleBody(choices, role) } }));
    } catch (thrown) {
      failed(thrown);
    }
  });

  if (roles.error) return <ErrorCard error={roles.error} onRetry={() => void roles.refetch()} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); void submit(); }} noValidate className="grid gap-5">
      <Field label={t("email")} error={errors.email?.message}>
        <FieldInput type="email" inputMode="email" autoComplete="off" maxLength={255} placeholder={t("email_placeholder")} {...form.register("email", { validate: (value) => /^\S+@\S+$/.test(value.trim()) || t("email_invalid") })} />
      </Field>
      <Field label={t("role")} hint={chosen ? <bdi>{about(chosen)}</bdi> : undefined} error={errors.role?.message}>
        {roles.isPending ? <Skeleton className="h-9.5 w-full" /> : (
          <FieldSelect {...form.register("role")}>{choices.map((role) => <option key={keyOf(role)} value={keyOf(role)}>{title(role)}</option>)}</FieldSelect>
        )}
      </Field>
      <DialogFooter>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
        <Button type="submit" disabled={!choices.length} busy={invite.isPending}>{t("submit")}</Button>
      </DialogFooter>
    </form>
  );
}

/** Asks somebody in; then the link, and whether a mail is on its way. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const t = useT("org.invite");
  const tCore = useT("core");
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={invitation ? t("invited_title", { email: invitation.email }) : t("title")} {...(invitation ? {} : { description: t("description") })} closeLabel={tCore("close")}>
        {invitation ? (
          <>
            <Invited invitation={invitation} />
            <DialogFooter>
              <Button variant="secondary" onClick={() => setInvitation(null)}>{t("another")}</Button>
              <Button onClick={onClose}>{t("done")}</Button>
            </DialogFooter>
          </>
        ) : <InviteForm onInvited={setInvitation} onCancel={onClose} />}
      </DialogContent>
    </Dialog>
  );
}
