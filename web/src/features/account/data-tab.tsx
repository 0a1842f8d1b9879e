"use client";

import { Download } from "lucide-react";
import { useState } from "react";

import { FormError } from "@/components/form-error";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput } from "@/components/ui/form-controls";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import type { Me } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

/** Hands a file to the browser to keep. */
function keep(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function ExportSection() {
  const t = useT("account.data");
  const failed = useActionFailed();
  const [busy, setBusy] = useState(false);
  const download = async () => {
    setBusy(true);
    try {
      const { data } = await api.GET("/v1/auth/export", { parseAs: "blob" });
      if (data instanceof Blob) keep(data, `agentgen-account-${new Date().toISOString().slice(0, 10)}.json`);
    } catch (error) {
      failed(error);
    }
    setBusy(false);
  };
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("export_title")}</CardTitle>
          <CardDescription>{t("export_description")}</CardDescription>
        </div>
      </CardHeader>
      <CardContent><Button variant="secondary" busy={busy} onClick={() => void download()}><Download />{t("export")}</Button></CardContent>
    </Card>
  );
}

function DeleteDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const t = useT("account.data");
  const tCore = useT("core");
  const reason = useReason();
  const remove = $api.useMutation("delete", "/v1/auth/me");
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const same = typed.trim().toLowerCase() === me.email;
  const submit = async () => {
    setProblem(null);
    try {
      await remove.mutateAsync({});
      window.location.assign("/login");
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.code !== REAUTHENTICATION_REQUIRED) setProblem(error.status === 409 ? `${t("blocked")} ${reason(error)}` : reason(error));
    }
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("delete_heading")} description={t("delete_lost")} closeLabel={tCore("close")}>
        <form
          className="grid gap-5"
          onSubmit={(event) => {
            event.preventDefault();
            if (same) void submit();
          }}
        >
          <FormError>{problem}</FormError>
          <Field label={t("type_email", { email: me.email })}>
            <FieldInput data-autofocus dir="ltr" autoComplete="off" value={typed} onChange={(event) => setTyped(event.target.value)} />
          </Field>
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" variant="destructive" disabled={!same} busy={remove.isPending}>{t("delete")}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

/** Taking one's data along, and taking oneself away. */
export function DataTab() {
  const t = useT("account.data");
  const me = useMe();
  const [deleting, setDeleting] = useState(false);
  if (!me) return null;
  return (
    <div className="grid gap-5">
      <ExportSection />
      <Card>
        <CardHeader>
          <div>
            <CardTitle>{t("delete_title")}</CardTitle>
            <CardDescription>{t("delete_description")}</CardDescription>
          </div>
        </CardHeader>
        <CardContent><Button variant="destructive" onClick={() => setDeleting(true)}>{t("delete")}</Button></CardContent>
      </Card>
      {deleting ? <DeleteDialog me={me} onClose={() => setDeleting(false)} /> : null}
    </div>
  );
}
