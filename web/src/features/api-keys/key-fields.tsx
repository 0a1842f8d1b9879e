"use client";

import { Controller, useWatch, type UseFormReturn } from "react-hook-form";

import { PermissionList } from "@/components/permissions/permission-list";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Segmented } from "@/components/ui/segmented";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

import { AgentPicker } from "./agent-picker";
import { ACCESS, EXPIRIES, grantable, type KeyForm } from "./create-key";

interface FieldsProps {
  form: UseFormReturn<KeyForm>;
}

export function NameField({ form }: FieldsProps) {
  const t = useT("keys");
  return (
    <Field label={t("name")} hint={t("name_hint")} error={form.formState.errors.name?.message}>
      <FieldInput maxLength={100} placeholder={t("name_placeholder")} {...form.register("name", { validate: (value) => value.trim() !== "" || t("name_required") })} />
    </Field>
  );
}

/** Whose it is: of whoever manages keys, in an organisation of several. */
export function OwnerField({ form }: FieldsProps) {
  const t = useT("keys");
  const shared = useWatch({ control: form.control, name: "shared" });
  return (
    <div className="grid gap-1.5">
      <span className="text-sm font-medium">{t("belongs")}</span>
      <Controller
        control={form.control}
        name="shared"
        render={({ field }) => (
          <Segmented
            className="w-fit"
            label={t("belongs")}
            value={field.value ? "shared" : "personal"}
            onChange={(value) => field.onChange(value === "shared")}
            options={[{ value: "personal", label: t("personal") }, { value: "shared", label: t("shared") }]}
          />
        )}
      />
      {shared ? <p className="text-[0.8125rem] text-muted-foreground">{t("shared_hint")}</p> : null}
    </div>
  );
}

export function ScopeFields({ form }: FieldsProps) {
  const t = useT("keys");
  const me = useMe();
  const [access, shared, scopes] = useWatch({ control: form.control, name: ["access", "shared", "scopes"] });
  return (
    <div className="grid gap-3">
      <Field label={t("scopes")} error={form.formState.errors.access?.message}>
        <FieldSelect {...form.register("access")}>{ACCESS.map((name) => <option key={name} value={name}>{t(`access.${name}`)}</option>)}</FieldSelect>
      </Field>
      {access === "chosen" ? (
        <div className="rounded-lg border p-4">
          <PermissionList permissions={grantable(me?.permissions ?? [], shared)} chosen={scopes} onChange={(next) => form.setValue("scopes", next)} />
        </div>
      ) : null}
    </div>
  );
}

/** The day after this one, as a date field wants it. */
function tomorrow(): string {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** When it ends, and how much it may ask. */
export function LimitFields({ form, kept }: FieldsProps & { kept: boolean }) {
  const t = useT("keys");
  const expiry = useWatch({ control: form.control, name: "expiry" });
  const { errors } = form.formState;
  const choices = kept ? ["keep" as const, ...EXPIRIES] : EXPIRIES;
  return (
    <div className="grid gap-5 sm:grid-cols-2">
      <Field label={t("expires")}>
        <FieldSelect {...form.register("expiry")}>{choices.map((name) => <option key={name} value={name}>{t(`expiry.${name}`)}</option>)}</FieldSelect>
      </Field>
      {expiry === "date" ? (
        <Field label={t("date")} error={errors.date?.message}>
          <FieldInput type="date" min={tomorrow()} {...form.register("date")} />
        </Field>
      ) : null}
      <Field label={t("rate")} hint={t("rate_hint")} error={errors.rate?.message}>
        <FieldInput type="number" inputMode="numeric" min={1} max={100_000} {...form.register("rate", { validate: (value) => value === "" || (/^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 100_000) || t("rate_wrong") })} />
      </Field>
    </div>
  );
}

export function AgentFields({ form }: FieldsProps) {
  const t = useT("keys");
  const agents = useWatch({ control: form.control, name: "agents" });
  const error = form.formState.errors.agents?.message;
  return (
    <div className="grid gap-2">
      <div className="grid gap-1.5">
        <span className="text-sm font-medium">{t("agents")}</span>
        <Segmented
          className="w-fit"
          label={t("agents")}
          value={agents ? "some" : "all"}
          onChange={(value) => form.setValue("agents", value === "some" ? [] : null)}
          options={[{ value: "all", label: t("agents_all") }, { value: "some", label: t("agents_some") }]}
        />
        {agents ? <p className="text-[0.8125rem] text-muted-foreground">{t("agents_hint")}</p> : null}
      </div>
      {agents ? <AgentPicker chosen={agents} onChange={(next) => form.setValue("agents", next)} /> : null}
      {error ? <p role="alert" className="text-[0.8125rem] text-destructive">{error}</p> : null}
    </div>
  );
}
