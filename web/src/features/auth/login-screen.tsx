"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMemo, useState } from "react";
import { useForm } from "react-hook-form";
import * as z from "zod/mini";

import { PasswordField } from "@/components/password-field";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { useT } from "@/lib/i18n";
import { Link, useOpenedSearch } from "@/lib/nav";

import { FormError } from "@/components/form-error";

import { useAfterSignIn } from "./use-after-sign-in";

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

export function LoginScreen() {
  const t = useT("auth");
  const tCore = useT("core.error");
  const done = useAfterSignIn();
  const search = useOpenedSearch();
  const [problem, setProblem] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(useLoginSchema()), defaultValues: { email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async (body) => {
    setProblem(null);
    try {
      await api.POST("/v1/auth/login", { body });
      done();
    } catch (thrown) {
      const error = toApiError(thrown);
      setProblem(error.code === "bad_credentials" ? t("login.wrong") : error.offline ? tCore("offline") : error.message);
      form.setFocus("password", { shouldSelect: true });
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <div className="grid gap-1.5 pb-2">
        <h1 className="text-2xl font-semibold">{t("login.title")}</h1>
        <p className="text-sm text-muted-foreground">{t("login.subtitle")}</p>
      </div>
      <FormError>{problem}</FormError>
      <Field label={t("field.email")} error={errors.email?.message}>
        <FieldInput type="email" autoComplete="username" inputMode="email" placeholder={t("field.email_placeholder")} {...form.register("email")} />
      </Field>
      <PasswordField label={t("field.password")} error={errors.password?.message} autoComplete="current-password" {...form.register("password")} />
      <Button type="submit" size="lg" busy={isSubmitting}>{t("login.submit")}</Button>
      <div className="grid gap-2 text-sm text-muted-foreground">
        <p><Link href="/forgot-password" className="font-medium text-primary hover:underline">{t("login.forgot")}</Link></p>
        <p>
          {t("login.no_account")}{" "}
          <Link href={`/register${search}`} className="font-medium text-primary hover:underline">{t("login.register")}</Link>
        </p>
      </div>
    </form>
  );
}
