"use client";

import { Mail, RotateCw, X } from "lucide-react";
import { useState } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { Invitation } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useRoleName } from "@/lib/roles";

import { InvitedDialog } from "./invite-dialog";

function Row({ invitation, onResent }: { invitation: Invitation; onResent: (invitation: Invitation) => void }) {
  const t = useT("org.invitations");
  const roleName = useRoleName();
  const failed = useActionFailed();
  const { date } = useFormat();
  const resend = $api.useMutation("post", "/v1/invitations/{id}/resend");
  const revoke = $api.useMutation("delete", "/v1/invitations/{id}");
  const { id, email, inviter_name: inviter, expires_at: expires } = invitation;
  const expired = new Date(expires) <= new Date();
  const act = (work: Promise<void>) => void work.catch(failed);
  const sendAgain = async () => onResent(await resend.mutateAsync({ params: { path: { id } } }));
  const takeBack = async () => {
    await revoke.mutateAsync({ params: { path: { id } } });
    toast({ title: t("revoked", { email }) });
  };
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-3">
      <Mail aria-hidden="true" className="size-4.5 shrink-0 text-muted-foreground" />
      <div className="grid min-w-0 flex-1 basis-44">
        <span className="truncate font-medium">{email}</span>
        <span className="truncate text-[0.8125rem] text-muted-foreground">
          {t("by", { name: inviter })}{expired ? null : ` · ${t("until", { date: date(expires) })}`}
        </span>
      </div>
      {expired ? <Badge tone="warning">{t("expired")}</Badge> : null}
      <Badge><bdi>{roleName(invitation)}</bdi></Badge>
      <div className="flex items-center">
        <Button variant="ghost" size="sm" busy={resend.isPending} aria-label={t("resend_to", { email })} onClick={() => act(sendAgain())}><RotateCw />{t("resend")}</Button>
        <Button variant="ghost" size="sm" className="text-destructive" busy={revoke.isPending} aria-label={t("revoke_of", { email })} onClick={() => act(takeBack())}><X />{t("revoke")}</Button>
      </div>
    </li>
  );
}

/** Who was invited and has not come yet. */
export function Invitations() {
  const t = useT("org.invitations");
  const tCore = useT("core");
  const [resent, setResent] = useState<Invitation | null>(null);
  const list = $api.useInfiniteQuery("get", "/v1/invitations", { params: { query: { limit: 50 } } }, BY_CURSOR);
  const all = list.data?.pages.flatMap((page) => page.data) ?? [];
  if (list.isPending) return <Skeleton className="h-24 rounded-xl" />;
  // A link that is shown once stands here, too.
  if (!list.data) return <ErrorCard error={list.error} onRetry={() => void list.refetch()} />;
  if (!all.length && !resent) return null;
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("description")}</CardDescription>
        </div>
      </CardHeader>
      <ul aria-label={t("title")} className="divide-y border-t">
        {all.map((invitation) => <Row key={invitation.id} invitation={invitation} onResent={setResent} />)}
      </ul>
      {list.hasNextPage ? <div className="flex justify-center border-t p-3"><Button variant="secondary" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{tCore("loading_more")}</Button></div> : null}
      {resent ? <InvitedDialog invitation={resent} onClose={() => setResent(null)} /> : null}
    </Card>
  );
}
