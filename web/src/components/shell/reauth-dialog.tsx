"use client";

import { useState, type FormEvent } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { Skeleton } from "@/components/ui/skeleton";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useWaysIn } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { CONFIRMED, Elsewhere } from "./elsewhere";
import { useReason } from "./use-reason";

function PasswordForm({ me, onDone, onCancel }: { me: Me; onDone: () => void; onCancel: () => void }) {
  const t = useT("core.reauth");
  const tCore = useT("core");
  const reason = useReason();
  const confirm = $api.useMutation("post", "/v1/auth/reauthenticate");
  const [password, setPassword] = useState("");
  const error = confirm.error ? toApiError(confirm.error) : null;
  const problem = error?.fields.some(({ field }) => field === "password") ? t("wrong") : error ? reason(error) : undefined;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate({ body: { password } }, { onSuccess: onDone });
  };

  return (
    <form onSubmit={submit} className="grid gap-4">
      <p dir="ltr" className="rounded-lg bg-muted px-3 py-2 text-sm break-all">{me.email}</p>
      <input type="email" name="email" autoComplete="username" value={me.email} readOnly hidden />
      <Field label={t("password")} error={problem}>
        <FieldInput data-autofocus type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} required />
      </Field>
      <DialogFooter>
        <Button variant="ghost" onClick={onCancel}>{tCore("cancel")}</Button>
        <Button type="submit" busy={confirm.isPending}>{t("submit")}</Button>
      </DialogFooter>
    </form>
  );
}

/** Whom an identity provider knows may prove it there. */
function ProveElsewhere({ me, onDone }: { me: Me; onDone: () => void }) {
  const t = useT("core.reauth");
  const ways = useWaysIn();
  const identities = $api.useQuery("get", "/v1/auth/identities");
  const seen = ({ recent_until }: Me) => {
    if (recent_until !== me.recent_until) onDone();
  };
  const begin = async (provider: string) => {
    const { data } = await api.POST("/v1/auth/oauth/{provider}/link", { params: { path: { provider } }, body: { purpose: "reauthenticate", next: CONFIRMED } });
    return data?.url ?? "";
  };
  if (ways.isPending || identities.isPending) return me.has_password ? null : <Skeleton className="h-9" />;
  const linked = ways.data?.providers.filter(({ id }) => identities.data?.data.some(({ provider }) => provider === id)) ?? [];
  if (linked.length) return <Elsewhere providers={linked} begin={begin} onSeen={seen} />;
  if (me.has_password) return null;
  return (
    <p className="text-sm">
      {t("no_way")}{" "}
      <Link href="/forgot-password" className="font-medium text-primary hover:underline">{t("set_password")}</Link>
    </p>
  );
}

/** What somebody did wants a recent sign-in: it waits below this dialog, with all that was typed. */
export function ReauthDialog({ me, onAnswer }: { me: Me; onAnswer: (proved: boolean) => void }) {
  const t = useT("core.reauth");
  const tCore = useT("core");
  const done = () => onAnswer(true);
  return (
    <Dialog open onOpenChange={() => onAnswer(false)}>
      <DialogContent top heading={t("title")} description={t("description")} closeLabel={tCore("close")} className="sm:max-w-sm">
        {me.has_password ? <PasswordForm me={me} onDone={done} onCancel={() => onAnswer(false)} /> : null}
        <ProveElsewhere me={me} onDone={done} />
      </DialogContent>
    </Dialog>
  );
}
