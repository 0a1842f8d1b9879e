"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { $api } from "@/lib/api/query";
import { toApiError } from "@/lib/api/problem";
import { useT } from "@/lib/i18n";
import { useUi } from "@/lib/store";

/** The session ended under the screen: sign in again above it, and everything typed is still there. */
export function ExpiredDialog({ email }: { email: string }) {
  const t = useT("core.expired");
  const tCore = useT("core");
  const queries = useQueryClient();
  const setExpired = useUi((state) => state.setSessionExpired);
  const login = $api.useMutation("post", "/v1/auth/login");
  const [password, setPassword] = useState("");

  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate({ body: { email, password } }, {
      onSuccess: () => {
        setExpired(false);
        void queries.invalidateQueries();
      },
    });
  };

  return (
    <Dialog open onOpenChange={setExpired}>
      <DialogContent heading={t("title")} description={t("description")} closeLabel={tCore("close")} className="sm:max-w-sm">
        <form onSubmit={submit} className="grid gap-4">
          <p className="rounded-lg bg-muted px-3 py-2 text-sm break-all">{email}</p>
          <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
          <Field label={t("password")} error={login.error ? toApiError(login.error).message : undefined}>
            <FieldInput type="password" autoComplete="current-password" value={password} onChange={(event) => setPassword(event.target.value)} required />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={() => window.location.assign("/login")}>{t("other")}</Button>
            <Button type="submit" busy={login.isPending}>{t("submit")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
