"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";

import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { User } from "@/lib/api/schema";
import { useSession } from "@/lib/api/session";
import { setFormErrors } from "@/lib/forms";
import { useT } from "@/lib/i18n";

function ProfileForm({ user }: { user: User }) {
  const t = useT("settings.profile");
  const tCore = useT("core.error");
  const queries = useQueryClient();
  const form = useForm({ defaultValues: { name: user.name }, mode: "onChange" });
  const update = $api.useMutation("patch", "/v1/auth/me");
  const { errors, isDirty } = form.formState;

  const submit = form.handleSubmit(async ({ name }) => {
    try {
      const saved = await update.mutateAsync({ body: { name: name.trim() } });
      queries.setQueryData(["get", "/v1/auth/me", {}], saved);
      form.reset({ name: saved.name });
      toast({ title: t("saved") });
    } catch (thrown) {
      const rest = setFormErrors(toApiError(thrown), form.setError, ["name"]);
      if (rest.length || !toApiError(thrown).fields.length) toast({ tone: "error", title: tCore("action_failed"), description: toApiError(thrown).message });
    }
  });

  return (
    <form onSubmit={submit} className="grid gap-5">
      <div className="grid gap-5 sm:grid-cols-2">
        <Field label={t("name")} error={errors.name?.message}>
          <FieldInput autoComplete="name" maxLength={100} {...form.register("name", { required: true })} />
        </Field>
        <Field label={t("email")} hint={t("email_hint")}>
          <FieldInput value={user.email} readOnly disabled />
        </Field>
      </div>
      <div><Button type="submit" disabled={!isDirty} busy={update.isPending}>{t("save")}</Button></div>
    </form>
  );
}

export function ProfileSection() {
  const t = useT("settings.profile");
  const { data: user } = useSession();
  if (!user) return null;
  return (
    <Card>
      <CardHeader>
        <div className="flex items-center gap-4">
          <Avatar name={user.name} className="size-12 text-base" />
          <div>
            <CardTitle>{user.name}</CardTitle>
            <CardDescription>{t("member_since", { date: new Date(user.created_at) })}</CardDescription>
          </div>
        </div>
        <Badge tone={user.role === "admin" ? "primary" : "neutral"}>{t(user.role === "admin" ? "role_admin" : "role_user")}</Badge>
      </CardHeader>
      <CardContent><ProfileForm user={user} /></CardContent>
    </Card>
  );
}
