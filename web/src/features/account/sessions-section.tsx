"use client";

import { CircleQuestionMark, Monitor, Smartphone, SquareTerminal, Tablet, type LucideIcon } from "lucide-react";

import { ListFrame } from "@/components/lists/list-frame";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardDescription, CardHeader, CardTitle } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import { toast } from "@/components/ui/toast";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { Session } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { readUserAgent, type Device } from "@/lib/user-agent";

const PAGE = 50;
const ICONS: Readonly<Record<Device["kind"], LucideIcon>> = {
  desktop: Monitor, phone: Smartphone, tablet: Tablet, program: SquareTerminal, unknown: CircleQuestionMark,
};

/** "Firefox on Linux". */
function useDeviceName(): (device: Device) => string {
  const t = useT("account.sessions");
  return ({ browser, system }) => {
    if (browser && system) return t("device", { browser, system });
    return browser ?? system ?? t("unknown_device");
  };
}

function SessionRow({ session }: { session: Session }) {
  const t = useT("account.sessions");
  const failed = useActionFailed();
  const nameOf = useDeviceName();
  const end = $api.useMutation("delete", "/v1/auth/sessions/{id}");
  const device = readUserAgent(session.user_agent);
  const name = nameOf(device);
  const Icon = ICONS[device.kind];
  const submit = () => end.mutate({ params: { path: { id: session.id } } }, {
    onSuccess: () => toast({ title: t("ended", { device: name }) }),
    onError: (error) => failed(error),
  });
  return (
    <li className="flex items-center gap-4 border-b px-5 py-3 last:border-0">
      <Icon aria-hidden="true" className="size-5 shrink-0 text-muted-foreground" />
      <div className="grid min-w-0 grow gap-0.5">
        <span className="flex flex-wrap items-center gap-2 text-sm font-medium" title={session.user_agent}>
          {name}{session.current ? <Badge tone="success">{t("this_device")}</Badge> : null}
        </span>
        <span className="text-[0.8125rem] break-words text-muted-foreground">
          {session.current ? t("active_now") : t.rich("last_used", { when: () => <RelativeTime value={session.last_used_at ?? session.created_at} /> })}
          {" · "}{t.rich("signed_in", { when: () => <RelativeTime value={session.created_at} /> })}
          {" · "}<bdi>{session.ip}</bdi>
        </span>
      </div>
      {session.current ? null : (
        <Button variant="ghost" size="sm" busy={end.isPending} onClick={submit} aria-label={t("end_named", { device: name })}>{t("end")}</Button>
      )}
    </li>
  );
}

function EndOthers() {
  const t = useT("account.sessions");
  const failed = useActionFailed();
  const end = $api.useMutation("delete", "/v1/auth/sessions");
  const submit = () => end.mutate({}, {
    onSuccess: () => toast({ title: t("others_ended") }),
    onError: (error) => failed(error),
  });
  return <Button variant="secondary" size="sm" busy={end.isPending} onClick={submit}>{t("end_others")}</Button>;
}

/** Where the account is signed in; this device first. */
export function SessionsSection() {
  const t = useT("account.sessions");
  const sessions = $api.useInfiniteQuery("get", "/v1/auth/sessions", { params: { query: { limit: PAGE } } }, BY_CURSOR);
  const all = sessions.data?.pages.flatMap((page) => page.data) ?? [];
  const current = all.filter((session) => session.current);
  const others = all.filter((session) => !session.current);
  return (
    <Card>
      <CardHeader>
        <div>
          <CardTitle>{t("title")}</CardTitle>
          <CardDescription>{t("description")}</CardDescription>
        </div>
        {others.length ? <EndOthers /> : null}
      </CardHeader>
      <div className="border-t">
        <ListFrame query={sessions} skeleton={<div className="p-5"><Skeleton className="h-28 rounded-xl" /></div>} empty={all.length ? null : <></>}>
          <ul>{[...current, ...others].map((session) => <SessionRow key={session.id} session={session} />)}</ul>
        </ListFrame>
      </div>
    </Card>
  );
}
