"use client";

import { useForm, useWatch } from "react-hook-form";

import { PasswordField, StrengthMeter } from "@/components/password-field";
import { useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

const EMPTY = { current_password: "", new_password: "" };
const LEAST = 8;

/** A password in place of another, or, for who signs in elsewhere alone, the first. */
function PasswordForm({ me }: { me: Me }) {
  const t = useT("settings.password");
  const form = useForm({ defaultValues: EMPTY });
  const failed = useFormFailed(form.setError, ["current_password", "new_password"]);
  const update = $api.useMutation("patch", "/v1/auth/me");
  const { errors } = form.formState;
  const typed = useWatch({ control: form.control, name: "new_password" });

  const submit = form.handleSubmit(async ({ current_password, new_password }) => {
    try {
      await update.mutateAsync({ body: me.has_password ? { current_password, new_password } : { new_password } });
      form.reset(EMPTY);
      toast({ title: t(me.has_password ? "saved" : "was_set") });
    } catch (thrown) {
      failed(thrown);
    }
  });

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <input type="email" autoComplete="username" value={me.email} readOnly hidden />
      <div className="grid gap-5 sm:grid-cols-2">
        {me.has_password ? (
          <PasswordField label={t("current")} error={errors.current_password?.message} autoComplete="current-password" {...form.register("current_password", { required: t("current_required") })} />
        ) : null}
        <div className="grid gap-2.5">
          <PasswordField
            label={t("new")}
            hint={t("new_hint")}
            error={errors.new_password?.message}
            autoComplete="new-password"
            {...form.register("new_password", { minLength: { value: LEAST, message: t("too_short") }, required: t("too_short") })}
          />
          {typed ? <StrengthMeter password={typed} email={me.email} /> : null}
        </div>
      </div>
      <div><Button type="submit" variant="secondary" busy={update.isPending}>{t(me.has_password ? "save" : "set")}</Button></div>
    </form>
  );
}

export function PasswordSection() {
  const t = useT("settings.password");
  const me = useMe();
  if (!me) return null;
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t(me.has_password ? "description" : "none_description")}</CardDescription>
        </div>
      </CardHeader>
      <CardContent><PasswordForm key={String(me.has_password)} me={me} /></CardContent>
    </Card>
  );
}
