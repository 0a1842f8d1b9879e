"use client";

import { useId, useState, type ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Field } from "@/components/ui/field";
import { FieldInput, FieldSelect } from "@/components/ui/form-controls";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Me } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

const OFFERED = 100;

interface ActProps {
  me: Me;
  onClose: () => void;
}

function Ask({ heading, description, label, ready = true, busy, onSubmit, onClose, tone = "destructive", children }: {
  heading: string;
  description: string;
  /** Of the button that does it. */
  label: string;
  ready?: boolean;
  busy: boolean;
  onSubmit: () => void;
  onClose: () => void;
  tone?: "destructive" | "primary";
  children?: ReactNode;
}) {
  const tCore = useT("core");
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={heading} description={description} closeLabel={tCore("close")} className="sm:max-w-md">
        <form onSubmit={(event) => { event.preventDefault(); if (ready) onSubmit(); }} className="grid gap-5">
          {children}
          <DialogFooter>
            <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
            <Button type="submit" variant={tone} disabled={!ready} busy={busy}>{label}</Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function TransferDialog({ me, onClose }: ActProps) {
  const t = useT("org.transfer");
  const failed = useActionFailed();
  const [to, setTo] = useState("");
  const members = $api.useQuery("get", "/v1/members", { params: { query: { limit: OFFERED } } });
  const transfer = $api.useMutation("post", "/v1/org/transfer");
  const others = members.data?.data.filter(({ id }) => id !== me.id) ?? [];
  const submit = async () => {
    try {
      await transfer.mutateAsync({ body: { user_id: to } });
      toast({ title: t("done", { name: others.find(({ id }) => id === to)?.name ?? "" }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  };
  return (
    <Ask heading={t("heading", { org: me.org.name })} description={t("description")} label={t("action")} ready={to !== ""} busy={transfer.isPending} onSubmit={() => void submit()} onClose={onClose} tone="primary">
      {members.isPending ? <Skeleton className="h-9.5 w-full" /> : null}
      {members.error ? <ErrorCard error={members.error} onRetry={() => void members.refetch()} /> : null}
      {members.data && others.length === 0 ? <p className="text-sm text-muted-foreground">{t("nobody")}</p> : null}
      {others.length ? (
        <Field label={t("to")}>
          <FieldSelect value={to} onChange={(event) => setTo(event.target.value)} required>
            <option value="">{t("choose")}</option>
            {others.map(({ id, name, email }) => <option key={id} value={id}>{`${name} (${email})`}</option>)}
          </FieldSelect>
        </Field>
      ) : null}
    </Ask>
  );
}

function LeaveDialog({ me, onClose }: ActProps) {
  const t = useT("org.leave");
  const failed = useActionFailed();
  const leave = $api.useMutation("post", "/v1/org/leave");
  const submit = async () => {
    try {
      await leave.mutateAsync({});
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  };
  return <Ask heading={t("heading", { org: me.org.name })} description={t("description")} label={t("action")} busy={leave.isPending} onSubmit={() => void submit()} onClose={onClose} />;
}

function DeleteDialog({ me, onClose }: ActProps) {
  const t = useT("org.delete");
  const failed = useActionFailed();
  const [typed, setTyped] = useState("");
  const remove = $api.useMutation("delete", "/v1/org");
  const submit = async () => {
    try {
      await remove.mutateAsync({});
      toast({ title: t("done", { name: me.org.name }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  };
  return (
    <Ask heading={t("heading", { org: me.org.name })} description={t("description")} label={t("action")} ready={typed.trim() === me.org.name} busy={remove.isPending} onSubmit={() => void submit()} onClose={onClose}>
      <Field label={t("type", { name: me.org.name })}>
        <FieldInput value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />
      </Field>
    </Ask>
  );
}

const ACTS = { transfer: TransferDialog, leave: LeaveDialog, delete: DeleteDialog } as const;
type Act = keyof typeof ACTS;

function Row({ act, onOpen }: { act: Act; onOpen: () => void }) {
  const t = useT("org");
  const id = useId();
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 border-b px-5 py-4 last:border-0">
      <div className="grid min-w-0 flex-1 basis-64 gap-0.5">
        <h2 id={id} className="text-sm font-medium">{t(`${act}.title`)}</h2>
        <p className="text-sm text-muted-foreground">{t(`${act}.about`)}</p>
      </div>
      <Button variant="secondary" className={act === "transfer" ? undefined : "text-destructive"} aria-describedby={id} onClick={onOpen}>{t(`${act}.action`)}</Button>
    </div>
  );
}

/** What ends something: one's ownership, one's membership, the organisation. */
export function Danger({ me }: { me: Me }) {
  const [open, setOpen] = useState<Act | null>(null);
  const ends = me.permissions.includes("org:delete");
  const Shown = open ? ACTS[open] : null;
  return (
    <Card>
      {ends ? <Row act="transfer" onOpen={() => setOpen("transfer")} /> : null}
      <Row act="leave" onOpen={() => setOpen("leave")} />
      {ends ? <Row act="delete" onOpen={() => setOpen("delete")} /> : null}
      {Shown ? <Shown me={me} onClose={() => setOpen(null)} /> : null}
    </Card>
  );
}
