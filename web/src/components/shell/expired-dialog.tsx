"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { $api } from "@/lib/api/query";
import { toApiError } from "@/lib/api/problem";
import type { Me } from "@/lib/api/schema";
import { useWaysIn } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useUi } from "@/lib/store";

import { CONFIRMED, Elsewhere } from "./elsewhere";

const begin = (provider: string) => Promise.resolve(`/v1/auth/oauth/${encodeURIComponent(provider)}?next=${CONFIRMED}`);

/** The session ended under the screen: sign in again above it, and everything typed is still there. */
export function ExpiredDialog({ me }: { me: Me }) {
  const t = useT("core.expired");
  const tCore = useT("core");
  const queries = useQueryClient();
  const setExpired = useUi((state) => state.setSessionExpired);
  const login = $api.useMutation("post", "/v1/auth/login");
  const providers = useWaysIn().data?.providers ?? [];
  const [password, setPassword] = useState("");

  const goOn = () => {
    setExpired(false);
    void queries.invalidateQueries();
  };
  const seen = ({ id }: Me) => {
    // Nothing of one account is to stand on the screen of another.
    if (id === me.id) goOn();
    else window.location.reload();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ body: { email: me.email, password } }, { onSuccess: goOn });
  };

  return (
    <Dialog open onOpenChange={setExpired}>
      <DialogContent heading={t("title")} description={t("description")} closeLabel={tCore("close")} className="sm:max-w-sm">
        <form onSubmit={submit} className="grid gap-4">
          <p dir="ltr" className="rounded-lg bg-muted px-3 py-2 text-sm break-all">{me.email}</p>
          <input type="email" name="email" autoComplete="username" value={me.email} readOnly hidden />
          <Field label={t("password")} error={login.error ? toApiError(login.error).message : undefined}>
            <FieldInput data-autofocus type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} required />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={() => window.location.assign("/login")}>{t("other")}</Button>
            <Button type="submit" busy={login.isPending}>{t("submit")}</Button>
          </DialogFooter>
        </form>
        {providers.length ? <Elsewhere providers={providers} begin={begin} onSeen={seen} /> : null}
      </DialogContent>
    </Dialog>
  );
}
