"use client";

import { useForm } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { useSwitchOrganization } from "@/lib/api/organization";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";
import { leave, useNavigate } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { OverlayMessages } from "./overlay-messages";
import { useFormFailed } from "./use-action-failed";

function NewOrganization() {
  const t = useT("overlays.new_org");
  const tCore = useT("core");
  const navigate = useNavigate();
  const close = useUi((state) => state.setCreatingOrg);
  const { mutateAsync: create } = $api.useMutation("post", "/v1/orgs");
  const { to } = useSwitchOrganization();
  const form = useForm({ defaultValues: { name: "" } });
  const failed = useFormFailed(form.setError, ["name"]);
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async ({ name }) => {
    try {
      const org = await create({ body: { name: name.trim() } });
      await to(org.id);
      close(false);
      navigate("/organization?tab=members");
    } catch (thrown) {
      failed(thrown);
    }
  });

  return (
    <Dialog open onOpenChange={close}>
      <DialogContent heading={tCore("orgs.create")} description={t("create_body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={(event) => { event.preventDefault(); leave(() => void submit()); }} noValidate className="grid gap-5">
          <Field label={t("name")} error={errors.name?.message}>
            <FieldInput autoComplete="organization" maxLength={100} placeholder={t("name_placeholder")} {...form.register("name", { validate: (value) => value.trim() !== "" || t("name_required") })} />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={() => close(false)}>{tCore("cancel")}</Button>
            <Button type="submit" busy={isSubmitting}>{t("create_submit")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** Names a new organisation and goes there. */
export function CreateOrgDialog() {
  return <OverlayMessages><NewOrganization /></OverlayMessages>;
}
