"use client";

import { useForm } from "react-hook-form";

import { useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect, FieldTextarea } from "@/components/ui/form-controls";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Permission, Role } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

import { copyOf, keyOf, sendable } from "./roles";
import { useRoleTexts } from "./use-roles";

interface RoleForm {
  name: string;
  description: string;
  /** The role whose permissions it begins with; "" for none. */
  from: string;
}

/** Makes a role, as a copy of another or of nothing, or gives one another name. What it allows is ticked in the grid. */
export function RoleDialog({ role, from, roles, permissions, onClose }: {
  /** The one to rename; null for a new one. */
  role: Role | null;
  from: Role | null;
  roles: readonly Role[];
  permissions: readonly Permission[];
  onClose: () => void;
}) {
  const t = useT("org.roles");
  const tCore = useT("core");
  const held = useMe()?.permissions ?? [];
  const { title } = useRoleTexts();
  const create = $api.useMutation("post", "/v1/roles");
  const replace = $api.useMutation("put", "/v1/roles/{id}");
  const form = useForm<RoleForm>({
    defaultValues: {
      name: role?.name ?? (from ? copyOf(title(from), roles.map(title)) : ""),
      description: role?.description ?? "",
      from: from ? keyOf(from) : "viewer",
    },
  });
  const failed = useFormFailed(form.setError, ["name", "description"]);
  const { errors } = form.formState;

  const submit = form.handleSubmit(async (values) => {
    const source = role ?? roles.find((one) => keyOf(one) === values.from);
    const given = sendable(source?.permissions ?? [], permissions);
    const body = { name: values.name.trim(), description: values.description.trim() || null, permissions: role ? given : given.filter((name) => held.includes(name)) };
    try {
      if (role?.id) await replace.mutateAsync({ params: { path: { id: role.id } }, body });
      else await create.mutateAsync({ body });
      toast({ title: t(role ? "renamed" : "created", { name: body.name }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  });

  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={role ? t("edit_title", { name: role.name }) : t("create")} {...(role ? {} : { description: t("create_body") })} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={(event) => { event.preventDefault(); void submit(); }} noValidate className="grid gap-5">
          <Field label={t("name")} error={errors.name?.message}>
            <FieldInput maxLength={50} placeholder={t("name_placeholder")} {...form.register("name", { validate: (value) => value.trim() !== "" || t("name_required") })} />
          </Field>
          <Field label={t("about")} aside={tCore("optional")} error={errors.description?.message}>
            <FieldTextarea className="min-h-20" maxLength={300} {...form.register("description")} />
          </Field>
          {role ? null : (
            <Field label={t("begin_with")} hint={t("begin_hint")}>
              <FieldSelect {...form.register("from")}>
                <option value="">{t("begin_nothing")}</option>
                {roles.map((one) => <option key={keyOf(one)} value={keyOf(one)}>{title(one)}</option>)}
              </FieldSelect>
            </Field>
          )}
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" busy={create.isPending || replace.isPending}>{t(role ? "save" : "create")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
