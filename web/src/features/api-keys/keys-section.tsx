"use client";

import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { EmptyState } from "@/components/ui/empty-state";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, Td, Th } from "@/components/ui/table";
import { toast } from "@/components/ui/toast";
import { CreateKeyDialog } from "./create-key-dialog";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { ApiKey } from "@/lib/api/schema";
import { formatDate, formatExactTime } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

function RevokeDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  const fail = useActionFailed();
  const revoke = $api.useMutation("delete", "/v1/api-keys/{id}");
  // Told also when the dialog was closed meanwhile.
  const submit = async () => {
    try {
      await revoke.mutateAsync({ params: { path: { id: apiKey.id } } });
      toast({ title: t("revoked", { name: apiKey.name }) });
      onClose();
    } catch (error) {
      fail(error);
    }
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("revoke_title", { name: apiKey.name })} description={t("revoke_body")} closeLabel={tCore("close")} className="sm:max-w-md">
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
          <Button variant="destructive" busy={revoke.isPending} onClick={() => void submit()}>{t("revoke")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function Expiry({ at }: { at: string | null }) {
  const t = useT("keys");
  const tCore = useT("core");
  const format = useFormatter();
  if (!at) return <span className="text-muted-foreground">{tCore("never")}</span>;
  if (new Date(at) <= new Date()) return <Badge tone="destructive">{t("expired")}</Badge>;
  return <span title={formatExactTime(format, new Date(at))}>{formatDate(format, new Date(at))}</span>;
}

function KeyRow({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const t = useT("keys");
  return (
    <tr>
      <Td className="max-w-52 truncate font-medium" title={apiKey.name}>{apiKey.name}</Td>
      <Td><code dir="ltr" className="font-mono text-xs text-muted-foreground">{apiKey.prefix}…</code></Td>
      <Td>
        <span title={apiKey.scopes.join(", ")}>{apiKey.scopes.length ? t("scope_count", { count: apiKey.scopes.length }) : t("all_scopes")}</span>
      </Td>
      <Td className="whitespace-nowrap">{apiKey.last_used_at ? <RelativeTime value={apiKey.last_used_at} /> : <span className="text-muted-foreground">{t("never_used")}</span>}</Td>
      <Td className="whitespace-nowrap"><Expiry at={apiKey.expires_at} /></Td>
      <Td className="text-end"><Button variant="ghost" size="sm" className="text-destructive" onClick={onRevoke}>{t("revoke")}</Button></Td>
    </tr>
  );
}

function KeyTable({ keys, onRevoke }: { keys: readonly ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  const t = useT("keys");
  const tCore = useT("core");
  return (
    <Card>
      <Table label={t("title")}>
        <thead>
          <tr>
            <Th>{t("name")}</Th><Th>{t("prefix")}</Th><Th>{t("scopes_column")}</Th><Th>{t("last_used")}</Th><Th>{t("expires_column")}</Th>
            <Th><span className="sr-only">{tCore("more_actions")}</span></Th>
          </tr>
        </thead>
        <tbody>{keys.map((key) => <KeyRow key={key.id} apiKey={key} onRevoke={() => onRevoke(key)} />)}</tbody>
      </Table>
    </Card>
  );
}

const PAGE = 50;

export function KeysSection() {
  const t = useT("keys");
  const tCore = useT("core");
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const keys = $api.useInfiniteQuery("get", "/v1/api-keys", { params: { query: { limit: PAGE } } }, BY_CURSOR);
  const all = keys.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <section className="grid grid-cols-[minmax(0,1fr)] gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-sm text-muted-foreground">{t("description")}</p>
        {all.length ? <Button onClick={() => setCreating(true)}><Plus />{t("create")}</Button> : null}
      </div>
      {keys.isPending ? <Skeleton className="h-56 rounded-xl" /> : null}
      {keys.error ? <ErrorCard error={keys.error} onRetry={() => void keys.refetch()} /> : null}
      {keys.data && !all.length ? (
        <EmptyState icon={KeyRound} title={t("empty_title")} action={<Button onClick={() => setCreating(true)}><Plus />{t("create")}</Button>}>{t("empty_body")}</EmptyState>
      ) : null}
      {all.length ? <KeyTable keys={all} onRevoke={setRevoking} /> : null}
      {keys.hasNextPage ? <Button variant="secondary" className="justify-self-center" busy={keys.isFetchingNextPage} onClick={() => void keys.fetchNextPage()}>{tCore("loading_more")}</Button> : null}
      {creating ? <CreateKeyDialog onClose={() => setCreating(false)} /> : null}
      {revoking ? <RevokeDialog apiKey={revoking} onClose={() => setRevoking(null)} /> : null}
    </section>
  );
}
