"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { CircleCheck } from "lucide-react";
import { useMemo, useState } from "react";
import { useForm, useWatch } from "react-hook-form";
import * as z from "zod/mini";

import { FormError } from "@/components/form-error";
import { PasswordField, StrengthMeter } from "@/components/password-field";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";
import { Link, useLinkToken } from "@/lib/nav";

import { LinkProblem, linkFault, type LinkFault } from "./link-problem";
import { Notice } from "./notice";

function useResetSchema() {
  const t = useT("auth.problem");
  return useMemo(() => z.object({ password: z.string().check(z.minLength(8, t("password_short")), z.maxLength(1024, t("password_long"))) }), [t]);
}

function ResetForm({ token, onDone, onFault }: { token: string; onDone: () => void; onFault: (fault: LinkFault) => void }) {
  const t = useT("recover.reset");
  const tAuth = useT("auth");
  const reason = useReason();
  const [problem, setProblem] = useState<string | null>(null);
  const form = useForm({ resolver: zodResolver(useResetSchema()), defaultValues: { password: "" } });
  const { errors, isSubmitting } = form.formState;
  const { password = "" } = useWatch({ control: form.control });

  const submit = form.handleSubmit(async (body) => {
    setProblem(null);
    try {
      await api.POST("/v1/auth/reset-password", { body: { token, ...body } });
      onDone();
    } catch (thrown) {
      const error = toApiError(thrown);
      const fault = linkFault(error);
      if (fault) onFault(fault);
      else if (error.fields.length) setProblem(setFormErrors(error, form.setError, ["password"]).join(" ") || null);
      else setProblem(reason(error));
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <div className="grid gap-1.5 pb-2">
        <h1 className="text-2xl font-semibold">{t("title")}</h1>
        <p className="text-sm text-muted-foreground">{t("subtitle")}</p>
      </div>
      <FormError>{problem}</FormError>
      <div className="grid gap-2.5">
        <PasswordField label={t("password")} error={errors.password?.message} hint={tAuth("field.password_hint")} autoComplete="new-password" {...form.register("password")} />
        <StrengthMeter password={password} />
      </div>
      <Button type="submit" size="lg" busy={isSubmitting}>{t("submit")}</Button>
    </form>
  );
}

function Reset({ token }: { token: string | null }) {
  const t = useT("recover.reset");
  const [fault, setFault] = useState<LinkFault | null>(null);
  const [done, setDone] = useState(false);
  if (done) {
    return (
      <Notice icon={CircleCheck} tone="success" title={t("done_title")} action={<Button asChild size="lg"><Link href="/login">{t("sign_in")}</Link></Button>}>
        {t("done_body")}
      </Notice>
    );
  }
  const wrong = fault ?? (token === "" ? "unknown" : null);
  if (wrong) return <LinkProblem fault={wrong} action={<Button asChild size="lg"><Link href="/forgot-password">{t("another")}</Link></Button>} />;
  return <ResetForm token={token ?? ""} onDone={() => setDone(true)} onFault={setFault} />;
}

/** Where the link of a mail about a forgotten password leads. */
export function ResetScreen() {
  const token = useLinkToken();
  return <Reset key={token} token={token} />;
}
