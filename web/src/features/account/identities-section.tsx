"use client";

import { useEffect, useRef, useState } from "react";

import { FormError } from "@/components/form-error";
import { ProviderIcon } from "@/components/provider-icon";
import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Card, CardContent, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { REAUTHENTICATION_REQUIRED } from "@/lib/api/reauthenticate";
import type { Identity, SignInProvider } from "@/lib/api/schema";
import { useWaysIn } from "@/lib/api/session";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

/** Sends the browser to a provider, to come back with an account there linked to this one. */
function useLink(): { link: (provider: string) => void; linking: string | null } {
  const begin = $api.useMutation("post", "/v1/auth/oauth/{provider}/link");
  const failed = useActionFailed();
  const [linking, setLinking] = useState<string | null>(null);
  const link = async (provider: string) => {
    setLinking(provider);
    try {
      const next = `/settings?tab=security&linked=${encodeURIComponent(provider)}`;
      const { url } = await begin.mutateAsync({ params: { path: { provider } }, body: { purpose: "link", next } });
      window.location.assign(url);
    } catch (error) {
      failed(error);
      setLinking(null);
    }
  };
  return { link: (provider) => void link(provider), linking };
}

/** Tells, once, that the account was linked that the browser comes back with. */
function useToldOfLink(nameOf: (provider: string) => string, known: boolean): void {
  const t = useT("account.identities");
  const [params, setParams] = useQueryState();
  const linked = params.get("linked");
  const told = useRef(false);
  useEffect(() => {
    if (!linked || !known || told.current) return;
    told.current = true;
    toast({ title: t("linked", { provider: nameOf(linked) }) });
    setParams({ linked: null });
  }, [linked, known, nameOf, setParams, t]);
}

function UnlinkDialog({ identity, name, onClose }: { identity: Identity; name: string; onClose: () => void }) {
  const t = useT("account.identities");
  const tCore = useT("core");
  const reason = useReason();
  const [problem, setProblem] = useState<string | null>(null);
  const unlink = $api.useMutation("delete", "/v1/auth/identities/{id}");
  const submit = async () => {
    try {
      await unlink.mutateAsync({ params: { path: { id: identity.id } } });
      toast({ title: t("unlinked", { provider: name }) });
      onClose();
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.code !== REAUTHENTICATION_REQUIRED) setProblem(error.status === 409 ? t("only_way") : reason(error));
    }
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("unlink_title", { provider: name })} description={t("unlink_body", { provider: name })} closeLabel={tCore("close")} className="sm:max-w-md">
        <FormError>{problem}</FormError>
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
          <Button variant="destructive" busy={unlink.isPending} onClick={() => void submit()}>{t("unlink")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

function LinkedRow({ identity, name, onUnlink }: { identity: Identity; name: string; onUnlink: () => void }) {
  const t = useT("account.identities");
  const format = useFormat();
  return (
    <li className="flex items-center gap-4 border-b px-5 py-3 last:border-0">
      <ProviderIcon provider={identity.provider} className="size-5" />
      <div className="grid min-w-0 grow">
        <span className="text-sm font-medium">{name}</span>
        <span className="text-[0.8125rem] break-words text-muted-foreground">
          {identity.email ? <><bdi>{identity.email}</bdi> · </> : null}{t("since", { date: format.date(identity.created_at) })}
        </span>
      </div>
      <Button variant="ghost" size="sm" onClick={onUnlink}>{t("unlink")}</Button>
    </li>
  );
}

function OpenRow({ provider, busy, onLink }: { provider: SignInProvider; busy: boolean; onLink: () => void }) {
  const t = useT("account.identities");
  return (
    <li className="flex items-center gap-4 border-b px-5 py-3 last:border-0">
      <ProviderIcon provider={provider.id} className="size-5" />
      <div className="grid min-w-0 grow">
        <span className="text-sm font-medium">{provider.name}</span>
        <span className="text-[0.8125rem] text-muted-foreground">{t("not_linked")}</span>
      </div>
      <Button variant="secondary" size="sm" busy={busy} onClick={onLink} aria-label={t("link_named", { provider: provider.name })}>{t("link")}</Button>
    </li>
  );
}

/** Accounts elsewhere that sign in to this one; nothing where no provider is configured and none is linked. */
export function IdentitiesSection() {
  const t = useT("account.identities");
  const ways = useWaysIn();
  const identities = $api.useQuery("get", "/v1/auth/identities");
  const { link, linking } = useLink();
  const [unlinking, setUnlinking] = useState<Identity | null>(null);
  const providers = ways.data?.providers ?? [];
  const nameOf = (id: string) => providers.find((provider) => provider.id === id)?.name ?? id;
  useToldOfLink(nameOf, ways.data !== undefined);
  const linked = identities.data?.data ?? [];
  const open = providers.filter(({ id }) => !linked.some(({ provider }) => provider === id));
  const pending = ways.isPending || identities.isPending;
  if (!pending && !identities.error && !linked.length && !open.length) return null;
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("description")}</CardDescription>
        </div>
      </CardHeader>
      {pending ? <CardContent><Skeleton className="h-28 rounded-xl" /></CardContent> : null}
      {identities.error ? <CardContent><ErrorCard error={identities.error} onRetry={() => void identities.refetch()} /></CardContent> : null}
      {!pending && identities.data ? (
        <ul className="border-t">
          {linked.map((identity) => <LinkedRow key={identity.id} identity={identity} name={nameOf(identity.provider)} onUnlink={() => setUnlinking(identity)} />)}
          {open.map((provider) => <OpenRow key={provider.id} provider={provider} busy={linking === provider.id} onLink={() => link(provider.id)} />)}
        </ul>
      ) : null}
      {unlinking ? <UnlinkDialog identity={unlinking} name={nameOf(unlinking.provider)} onClose={() => setUnlinking(null)} /> : null}
    </Card>
  );
}
