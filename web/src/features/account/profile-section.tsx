"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useForm } from "react-hook-form";

import { useFormFailed } from "@/components/shell/use-action-failed";
import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

function ProfileForm({ me }: { me: Me }) {
  const t = useT("settings.profile");
  const queries = useQueryClient();
  const form = useForm({ defaultValues: { name: me.name }, mode: "onChange" });
  const failed = useFormFailed(form.setError, ["name"]);
  const update = $api.useMutation("patch", "/v1/auth/me");
  const { errors, isDirty } = form.formState;

  const submit = form.handleSubmit(async ({ name }) => {
    try {
      const saved = await update.mutateAsync({ body: { name: name.trim() } });
      queries.setQueryData(["get", "/v1/auth/me", {}], saved);
      form.reset({ name: saved.name });
      toast({ title: t("saved") });
    } catch (thrown) {
      failed(thrown);
    }
  });

  return (
    <form onSubmit={submit} className="grid gap-5">
      <Field label={t("name")} error={errors.name?.message}>
        <FieldInput autoComplete="name" maxLength={100} {...form.register("name", { required: true })} />
      </Field>
      <div><Button type="submit" disabled={!isDirty} busy={update.isPending}>{t("save")}</Button></div>
    </form>
  );
}

export function ProfileSection() {
  const t = useT("settings.profile");
  const me = useMe();
  if (!me) return null;
  return (
    <Card>
      <CardHeader>
        <div className="flex min-w-0 items-center gap-4">
          <Avatar name={me.name} className="size-12 text-base" />
          <div className="min-w-0">
            <CardTitle className="truncate">{me.name}</CardTitle>
            <CardDescription>{t("member_since", { date: new Date(me.created_at) })}</CardDescription>
          </div>
        </div>
        {me.role === "admin" ? <Badge tone="primary">{t("role_admin")}</Badge> : null}
      </CardHeader>
      <CardContent><ProfileForm me={me} /></CardContent>
    </Card>
  );
}
