"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { LockKeyhole } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import * as z from "zod/mini";

import { FormError } from "@/components/form-error";
import { PasswordField, StrengthMeter } from "@/components/password-field";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";
import { Link, useInvitationToken } from "@/lib/nav";

import { joinByInvitation, useInvitation } from "./invitation";
import { Notice } from "./notice";
import { OAuthButtons } from "./oauth-buttons";
import { useSignInOptions } from "./sign-in-options";
import { useAfterSignIn, useNext, withNext } from "./use-after-sign-in";

function useRegisterSchema() {
  const t = useT("auth.problem");
  return useMemo(
    () => z.object({
      name: z.string().check(z.trim(), z.minLength(1, t("name_required")), z.maxLength(100, t("name_long"))),
      email: z.string().check(z.trim(), z.email(t("email_invalid"))),
      password: z.string().check(z.minLength(8, t("password_short")), z.maxLength(1024, t("password_long"))),
    }),
    [t],
  );
}

/** Accounts are made by invitation alone. */
function Closed() {
  const t = useT("auth.register");
  const next = useNext();
  return (
    <Notice icon={LockKeyhole} title={t("closed_title")} action={<Button asChild size="lg"><Link href={withNext("/login", next)}>{t("login")}</Link></Button>}>
      {t("closed_body")}
    </Notice>
  );
}

export function RegisterScreen() {
  const t = useT("auth");
  const reason = useReason();
  const done = useAfterSignIn();
  const next = useNext();
  const options = useSignInOptions();
  const [problem, setProblem] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(useRegisterSchema()), defaultValues: { name: "", email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;
  const { password = "", email = "" } = useWatch({ control: form.control });

  const token = useInvitationToken();
  const invitation = useInvitation(token).preview;
  const { setValue } = form;
  useEffect(() => {
    if (invitation) setValue("email", invitation.email);
  }, [invitation, setValue]);

  const submit = form.handleSubmit(async (body) => {
    setProblem(null);
    try {
      await api.POST("/v1/auth/register", { body: invitation && token ? { ...body, invitation: token } : body });
      if (!invitation || !token) return done();
      // Whoever joins an organisation wants to be there first; their own is one click away.
      await joinByInvitation(token).catch(() => undefined);
      window.location.assign("/");
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.code === "email_taken") form.setError("email", { message: t("register.email_taken") }, { shouldFocus: true });
      else if (error.fields.length) setProblem(setFormErrors(error, form.setError, ["name", "email", "password"]).join(" ") || null);
      else setProblem(reason(error));
    }
  });

  if (options?.registration === "invited" && !token) return <Closed />;
  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <div className="grid gap-1.5 pb-2">
        <h1 className="text-2xl font-semibold">{t("register.title")}</h1>
        <p className="text-sm text-muted-foreground">{invitation ? t("register.invited", { inviter: invitation.inviter_name, org: invitation.org_name }) : t("register.subtitle")}</p>
      </div>
      <FormError>{problem}</FormError>
      <Field label={t("field.name")} error={errors.name?.message}>
        <FieldInput autoComplete="name" placeholder={t("field.name_placeholder")} {...form.register("name")} />
      </Field>
      <Field label={t("field.email")} error={errors.email?.message}>
        <FieldInput type="email" autoComplete="email" inputMode="email" placeholder={t("field.email_placeholder")} readOnly={Boolean(invitation)} {...form.register("email")} />
      </Field>
      <div className="grid gap-2.5">
        <PasswordField label={t("field.password")} error={errors.password?.message} hint={t("field.password_hint")} autoComplete="new-password" {...form.register("password")} />
        <StrengthMeter password={password} email={email} />
      </div>
      <Button type="submit" size="lg" busy={isSubmitting}>{t("register.submit")}</Button>
      <p className="text-sm text-muted-foreground">
        {t("register.have_account")}{" "}
        <Link href={withNext("/login", next)} className="font-medium text-primary hover:underline">{t("register.login")}</Link>
      </p>
      <OAuthButtons providers={options?.providers ?? []} next={next} />
    </form>
  );
}
