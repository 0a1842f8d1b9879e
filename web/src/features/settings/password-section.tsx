"use client";

import { useForm, useWatch } from "react-hook-form";

import { PasswordField, StrengthMeter } from "@/components/password-field";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { useSession } from "@/lib/api/session";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";

const EMPTY = { current_password: "", new_password: "" };
const LEAST = 8;

export function PasswordSection() {
  const t = useT("settings.password");
  const tCore = useT("core.error");
  const { data: user } = useSession();
  const form = useForm({ defaultValues: EMPTY });
  const update = $api.useMutation("patch", "/v1/auth/me");
  const { errors } = form.formState;
  const typed = useWatch({ control: form.control, name: "new_password" });

  const submit = form.handleSubmit(async (body) => {
    try {
      await update.mutateAsync({ body });
      form.reset(EMPTY);
      toast({ title: t("saved") });
    } catch (thrown) {
      const error = toApiError(thrown);
      setFormErrors(error, form.setError, ["current_password", "new_password"]);
      if (!error.fields.length) toast({ tone: "error", title: tCore("action_failed"), description: error.message });
    }
  });

  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("description")}</CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form onSubmit={submit} noValidate className="grid gap-5">
          <input type="email" autoComplete="username" value={user?.email ?? ""} readOnly hidden />
          <div className="grid gap-5 sm:grid-cols-2">
            <PasswordField label={t("current")} error={errors.current_password?.message} autoComplete="current-password" {...form.register("current_password", { required: t("current_required") })} />
            <div className="grid gap-2.5">
              <PasswordField
                label={t("new")}
                hint={t("new_hint")}
                error={errors.new_password?.message}
                autoComplete="new-password"
                {...form.register("new_password", { minLength: { value: LEAST, message: t("too_short") }, required: t("too_short") })}
              />
              {typed ? <StrengthMeter password={typed} email={user?.email ?? ""} /> : null}
            </div>
          </div>
          <div><Button type="submit" variant="secondary" busy={update.isPending}>{t("save")}</Button></div>
        </form>
      </CardContent>
    </Card>
  );
}
