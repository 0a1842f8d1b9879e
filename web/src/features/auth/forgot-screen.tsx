"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { MailCheck, ScrollText } from "lucide-react";
import { useMemo, useState } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";

import { FormError } from "@/components/form-error";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { Notice } from "./notice";
import { useSignInOptions } from "./sign-in-options";

function useForgotSchema() {
  const t = useT("auth.problem");
  return useMemo(() => z.object({ email: z.string().check(z.trim(), z.email(t("email_invalid"))) }), [t]);
}

function Sent({ email, onAgain }: { email: string; onAgain: () => void }) {
  const t = useT("recover.forgot");
  const mails = useSignInOptions()?.mail !== false;
  return (
    <Notice
      icon={mails ? MailCheck : ScrollText}
      title={t(mails ? "sent_title" : "logged_title")}
      action={(
        <>
          <Button asChild size="lg"><Link href="/login">{t("back")}</Link></Button>
          <Button variant="ghost" onClick={onAgain}>{t("again")}</Button>
        </>
      )}
    >
      <p>{t.rich(mails ? "sent_body" : "logged_body", { email, b: (text) => <strong className="font-medium break-words text-foreground"><bdi>{text}</bdi></strong> })}</p>
      {mails ? <p>{t("sent_hint")}</p> : null}
    </Notice>
  );
}

export function ForgotScreen() {
  const t = useT("recover.forgot");
  const tAuth = useT("auth");
  const reason = useReason();
  const [problem, setProblem] = useState<string | null>(null);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(useForgotSchema()), defaultValues: { email: "" } });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async (body) => {
    setProblem(null);
    try {
      await api.POST("/v1/auth/forgot-password", { body });
      setSentTo(body.email);
    } catch (thrown) {
      setProblem(reason(toApiError(thrown)));
    }
  });

  if (sentTo) return <Sent email={sentTo} onAgain={() => setSentTo(null)} />;
  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <div className="grid gap-1.5 pb-2">
        <h1 className="text-2xl font-semibold">{t("title")}</h1>
        <p className="text-sm text-muted-foreground">{t("subtitle")}</p>
      </div>
      <FormError>{problem}</FormError>
      <Field label={tAuth("field.email")} error={errors.email?.message}>
        <FieldInput type="email" autoComplete="username" inputMode="email" placeholder={tAuth("field.email_placeholder")} {...form.register("email")} />
      </Field>
      <Button type="submit" size="lg" busy={isSubmitting}>{t("submit")}</Button>
      <p className="text-sm"><Link href="/login" className="font-medium text-primary hover:underline">{t("back")}</Link></p>
    </form>
  );
}
