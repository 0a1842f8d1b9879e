"use client";

import { useForm, useWatch, type UseFormReturn } from "react-hook-form";

import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed, useFormFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Settings } from "@/lib/api/schema";
import { formatDuration } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

import { NUMBERS, RANGES, changeCount, changes, formOf, undoOf, wholeNumber, type NumberName, type SettingsForm } from "./settings-form";

type Form = UseFormReturn<SettingsForm>;

const LIMITS = ["free_per_minute", "premium_per_minute", "address_per_minute", "public_per_minute"] as const;
const LOGINS = ["login_failures_per_account", "login_failures_per_address", "login_window_s", "login_block_s"] as const;

/** The range of a number; of seconds, what they come to. */
function useHint(form: Form, name: NumberName): string {
  const t = useT("admin.settings");
  const format = useFormatter();
  const typed = useWatch({ control: form.control, name });
  const seconds = name.endsWith("_s") ? wholeNumber(typed, RANGES[name]) : undefined;
  return seconds !== undefined && seconds >= 60 ? t("range_is", { ...RANGES[name], value: formatDuration(format, seconds * 1_000) }) : t("range", { ...RANGES[name] });
}

function NumberField({ form, name }: { form: Form; name: NumberName }) {
  const t = useT("admin.settings");
  const hint = useHint(form, name);
  return (
    <Field label={t(name)} hint={hint} error={form.formState.errors[name]?.message}>
      <FieldInput inputMode="numeric" dir="ltr" {...form.register(name, { validate: (typed) => wholeNumber(typed, RANGES[name]) !== undefined || t("wrong", { ...RANGES[name] }) })} />
    </Field>
  );
}

function Numbers({ form, names, title, body }: { form: Form; names: readonly NumberName[]; title: string; body: string }) {
  return (
    <Card>
      <CardHeader><div><CardTitle>{title}</CardTitle><CardDescription>{body}</CardDescription></div></CardHeader>
      <CardContent className="grid gap-5 sm:grid-cols-2">{names.map((name) => <NumberField key={name} form={form} name={name} />)}</CardContent>
    </Card>
  );
}

function Registration({ form }: { form: Form }) {
  const t = useT("admin.settings");
  return (
    <Card>
      <CardHeader><div><CardTitle>{t("access")}</CardTitle><CardDescription>{t("access_body")}</CardDescription></div></CardHeader>
      <CardContent>
        <Field label={t("registration")} error={form.formState.errors.registration?.message}>
          <FieldSelect className="max-w-md" {...form.register("registration")}>
            <option value="open">{t("open")}</option>
            <option value="invited">{t("invited")}</option>
          </FieldSelect>
        </Field>
      </CardContent>
    </Card>
  );
}

/** Saves what differs; the toast takes it back. */
function useSave(form: Form, settings: Settings) {
  const t = useT("admin.settings");
  const tCore = useT("core");
  const update = $api.useMutation("patch", "/v1/admin/settings");
  const failed = useActionFailed();
  const formFailed = useFormFailed(form.setError, ["registration", ...NUMBERS]);
  const undo = async (changed: Parameters<typeof undoOf>[0]) => {
    try {
      form.reset(formOf(await update.mutateAsync({ body: undoOf(changed, settings) })));
      toast({ title: t("restored") });
    } catch (thrown) {
      failed(thrown);
    }
  };
  const submit = form.handleSubmit(async (values) => {
    const body = changes(values, settings);
    try {
      form.reset(formOf(await update.mutateAsync({ body })));
      toast({ title: t("saved"), action: { label: tCore("undo"), onClick: () => void undo(body) } });
    } catch (thrown) {
      formFailed(thrown);
    }
  });
  return { submit, busy: update.isPending };
}

function SettingsCards({ settings }: { settings: Settings }) {
  const t = useT("admin.settings");
  const form = useForm<SettingsForm>({ defaultValues: formOf(settings) });
  const { submit, busy } = useSave(form, settings);
  const count = changeCount(useWatch({ control: form.control }) as SettingsForm, settings);
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <Registration form={form} />
      <Numbers form={form} names={LIMITS} title={t("limits")} body={t("limits_body")} />
      <Numbers form={form} names={LOGINS} title={t("logins")} body={t("logins_body")} />
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" disabled={count === 0} busy={busy}>{t("save")}</Button>
        {count ? <Button variant="ghost" onClick={() => form.reset(formOf(settings))}>{t("discard")}</Button> : null}
        <p role="status" className="text-[0.8125rem] text-muted-foreground">{count ? t("changed", { count }) : t("unchanged")}</p>
      </div>
    </form>
  );
}

export function SettingsTab() {
  const settings = $api.useQuery("get", "/v1/admin/settings");
  if (settings.isPending) return <div aria-busy="true" className="grid gap-5">{["h-40", "h-72", "h-72"].map((height, i) => <Skeleton key={i} className={`${height} rounded-xl`} />)}</div>;
  if (!settings.data) return <ErrorCard error={settings.error} onRetry={() => void settings.refetch()} />;
  return <SettingsCards settings={settings.data} />;
}
