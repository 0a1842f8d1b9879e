"use client";

import { MailCheck, ScrollText } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useForm } from "react-hook-form";

import { useFormFailed } from "@/components/shell/use-action-failed";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { useMe, useSendsMail } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

import { useResend } from "./use-resend";

/** Told after a link was asked for: where it is, and what stays until it is opened. */
function LinkSent({ to, from, onAgain }: { to: string; from: string; onAgain: () => void }) {
  const t = useT("account.email");
  const mails = useSendsMail();
  const Icon = mails ? MailCheck : ScrollText;
  const address = (text: ReactNode) => <strong className="font-medium break-words"><bdi>{text}</bdi></strong>;
  return (
    <div className="flex items-start gap-3 rounded-lg bg-primary-soft px-3.5 py-2.5 text-sm text-primary-soft-foreground">
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <div className="grid min-w-0 justify-items-start gap-2">
        <p role="status">{t.rich(mails ? "sent" : "logged", { to, from, b: address })}</p>
        <button type="button" onClick={onAgain} className="font-medium underline underline-offset-2">{t("another")}</button>
      </div>
    </div>
  );
}

function ChangeForm({ email, onSent, onCancel }: { email: string; onSent: (to: string) => void; onCancel: () => void }) {
  const t = useT("account.email");
  const tCore = useT("core");
  const form = useForm({ defaultValues: { email: "" } });
  const failed = useFormFailed(form.setError, ["email"]);
  const change = $api.useMutation("post", "/v1/auth/change-email");
  const { errors } = form.formState;

  const submit = form.handleSubmit(async (typed) => {
    const to = typed.email.trim();
    try {
      await change.mutateAsync({ body: { email: to } });
      onSent(to);
    } catch (thrown) {
      if (toApiError(thrown).code === "email_taken") form.setError("email", { message: t("taken") }, { shouldFocus: true });
      else failed(thrown);
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <Field label={t("new")} hint={t("new_hint", { email })} error={errors.email?.message}>
        <FieldInput type="email" autoComplete="email" inputMode="email" maxLength={255} {...form.register("email", { validate: (value) => /^\S+@\S+$/.test(value.trim()) || t("invalid") })} />
      </Field>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" busy={change.isPending}>{t("send")}</Button>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
      </div>
    </form>
  );
}

/** The address of the account: whether it is proved, and another in its place. */
export function EmailSection() {
  const t = useT("account.email");
  const me = useMe();
  const mails = useSendsMail();
  const resend = useResend();
  const [changing, setChanging] = useState(false);
  const [sentTo, setSentTo] = useState<string | null>(null);
  if (!me) return null;
  const toForm = () => {
    setSentTo(null);
    setChanging(true);
  };
  return (
    <Card>
      <CardHeader>
        <div className="min-w-0">
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("description")}</CardDescription>
        </div>
      </CardHeader>
      <CardContent className="grid gap-5">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
          <span dir="ltr" className="min-w-0 font-medium break-all">{me.email}</span>
          <Badge tone={me.email_verified ? "success" : "warning"}>{t(me.email_verified ? "verified" : "unverified")}</Badge>
        </div>
        {me.email_verified ? null : (
          <div className="flex flex-wrap items-center justify-between gap-3 rounded-lg bg-warning-soft px-3.5 py-2.5 text-sm text-warning">
            <p className="min-w-0 grow">{t(mails ? "verify" : "verify_logged")}</p>
            <Button variant="secondary" size="sm" busy={resend.busy} onClick={resend.send}>{t(mails ? "resend" : "renew")}</Button>
          </div>
        )}
        {sentTo ? <LinkSent to={sentTo} from={me.email} onAgain={toForm} /> : null}
        {changing && !sentTo ? <ChangeForm email={me.email} onSent={setSentTo} onCancel={() => setChanging(false)} /> : null}
        {!changing ? <div><Button variant="secondary" onClick={toForm}>{t("change")}</Button></div> : null}
      </CardContent>
    </Card>
  );
}
