"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useEffect, useMemo, useState } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";

import { FormError } from "@/components/form-error";
import { PasswordField } from "@/components/password-field";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { useFormatter, useT } from "@/lib/i18n";
import { Link, useInvitationToken, useOpenedSearch } from "@/lib/nav";
import { useOAuthError } from "@/lib/oauth-error";

import { useInvitation } from "./invitation";
import { OAuthButtons } from "./oauth-buttons";
import { useSignInOptions } from "./sign-in-options";
import { useAfterSignIn, useNext, withNext } from "./use-after-sign-in";

function useLoginSchema() {
  const t = useT("auth.problem");
  return useMemo(
    () => z.object({
      email: z.string().check(z.trim(), z.email(t("email_invalid"))),
      password: z.string().check(z.minLength(1, t("password_required"))),
    }),
    [t],
  );
}

/** Why somebody could not sign in. */
function useLoginProblem(): (thrown: unknown) => string {
  const t = useT("auth.login");
  const format = useFormatter();
  const reason = useReason();
  return (thrown) => {
    const error = toApiError(thrown);
    if (error.code === "bad_credentials") return t("wrong");
    if (error.status === 429 && error.retryAt !== null) return t("blocked", { when: format.relativeTime(error.retryAt, { now: Date.now(), style: "long" }) });
    return reason(error);
  };
}

function OtherWays({ closed }: { closed: boolean }) {
  const t = useT("auth.login");
  const next = useNext();
  return (
    <div className="grid gap-2 text-sm text-muted-foreground">
      <p><Link href="/forgot-password" className="font-medium text-primary hover:underline">{t("forgot")}</Link></p>
      {closed ? <p>{t("closed")}</p> : (
        <p>
          {t("no_account")}{" "}
          <Link href={withNext("/register", next)} className="font-medium text-primary hover:underline">{t("register")}</Link>
        </p>
      )}
    </div>
  );
}

export function LoginScreen() {
  const t = useT("auth");
  const done = useAfterSignIn();
  const next = useNext();
  const options = useSignInOptions();
  const cameBackWith = useOAuthError(useOpenedSearch());
  const problemOf = useLoginProblem();
  const [problem, setProblem] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const form = useForm({ resolver: zodResolver(useLoginSchema()), defaultValues: { email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;
  const invited = useInvitation(useInvitationToken()).preview?.email;
  const { setValue } = form;
  useEffect(() => {
    if (invited) setValue("email", invited);
  }, [invited, setValue]);

  const submit = form.handleSubmit(async (body) => {
    setProblem(null);
    setTried(true);
    try {
      await api.POST("/v1/auth/login", { body });
      done();
    } catch (thrown) {
      setProblem(problemOf(thrown));
      form.setFocus("password", { shouldSelect: true });
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <div className="grid gap-1.5 pb-2">
        <h1 className="text-2xl font-semibold">{t("login.title")}</h1>
        <p className="text-sm text-muted-foreground">{t("login.subtitle")}</p>
      </div>
      <FormError>{problem ?? (tried ? null : cameBackWith)}</FormError>
      <Field label={t("field.email")} error={errors.email?.message}>
        <FieldInput type="email" autoComplete="username" inputMode="email" placeholder={t("field.email_placeholder")} {...form.register("email")} />
      </Field>
      <PasswordField label={t("field.password")} error={errors.password?.message} autoComplete="current-password" {...form.register("password")} />
      <Button type="submit" size="lg" busy={isSubmitting}>{t("login.submit")}</Button>
      <OtherWays closed={options?.registration === "invited" && !invited} />
      {/* Last: they come when the server has told of them, and nothing is to move then. */}
      <OAuthButtons providers={options?.providers ?? []} next={next} />
    </form>
  );
}
