"use client";

import { Plus, UserPlus } from "lucide-react";
import { useForm } from "react-hook-form";

import { useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Organization } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useRoleName } from "@/lib/roles";
import { useUi } from "@/lib/store";

import { Danger } from "./danger";

function NameCard({ org }: { org: Organization }) {
  const t = useT("org.general");
  const { date } = useFormat();
  const roleName = useRoleName();
  const writes = usePermission("org:write");
  const update = $api.useMutation("patch", "/v1/org");
  const form = useForm({ defaultValues: { name: org.name }, mode: "onChange" });
  const failed = useFormFailed(form.setError, ["name"]);
  const { errors, isDirty } = form.formState;
  const submit = form.handleSubmit(async ({ name }) => {
    try {
      const saved = await update.mutateAsync({ body: { name: name.trim() } });
      form.reset({ name: saved.name });
      toast({ title: t("saved") });
    } catch (thrown) {
      failed(thrown);
    }
  });
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("since", { date: date(org.created_at), role: org.personal ? "" : roleName(org), personal: String(org.personal) })}</CardDescription>
        </div>
      </CardHeader>
      <CardContent>
        <form onSubmit={submit} className="grid gap-5">
          <Field label={t("name")} error={errors.name?.message} {...(writes ? {} : { hint: t("name_locked") })}>
            <FieldInput className="max-w-md" maxLength={100} disabled={!writes} {...form.register("name", { validate: (value) => value.trim() !== "" || t("name_required") })} />
          </Field>
          {writes ? <div><Button type="submit" disabled={!isDirty} busy={update.isPending}>{t("save")}</Button></div> : null}
        </form>
      </CardContent>
    </Card>
  );
}

/** One's own organisation has one member for ever: how to work with others. */
export function Personal() {
  const t = useT("org.personal");
  const tOrgs = useT("core.orgs");
  const create = useUi((state) => state.setCreatingOrg);
  return (
    <EmptyState icon={UserPlus} title={t("title")} action={<Button onClick={() => create(true)}><Plus />{tOrgs("create")}</Button>}>{t("body")}</EmptyState>
  );
}

export function GeneralTab() {
  const me = useMe();
  if (!me) return null;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <NameCard key={me.org.name} org={me.org} />
      {me.org.personal ? <Personal /> : <Danger me={me} />}
    </div>
  );
}
