"use client";

import { CirclePause, CirclePlay, KeyRound, LogOut, MoreHorizontal, ShieldCheck, ShieldOff, Trash2 } from "lucide-react";

import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { RelativeTime } from "@/components/ui/relative-time";
import type { AdminUser } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

import { useUserActs } from "./use-user-acts";

interface RowProps {
  user: AdminUser;
  onDelete: () => void;
  onSignOut: () => void;
}

/** What an administrator may do to the account of somebody else: nobody locks themselves out. */
function UserMenu({ user, onDelete, onSignOut }: RowProps) {
  const t = useT("admin.users");
  const { setStatus, setRole, sendReset, pending } = useUserActs();
  const own = useMe()?.id === user.id;
  const active = user.status === "active";
  const admin = user.role === "admin";
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" disabled={pending} aria-label={t("menu", { name: user.name })}><MoreHorizontal /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        {active ? <DropdownMenuItem onSelect={() => void sendReset(user)}><KeyRound />{t("act.reset")}</DropdownMenuItem> : null}
        <DropdownMenuItem onSelect={onSignOut}><LogOut />{t("act.sign_out")}</DropdownMenuItem>
        {own ? null : (
          <>
            <DropdownMenuItem onSelect={() => setRole(user, admin ? "user" : "admin")}>{admin ? <ShieldOff /> : <ShieldCheck />}{t(admin ? "act.demote" : "act.promote")}</DropdownMenuItem>
            <DropdownMenuSeparator />
            <DropdownMenuItem onSelect={() => setStatus(user, active ? "suspended" : "active")}>{active ? <CirclePause /> : <CirclePlay />}{t(active ? "act.suspend" : "act.resume")}</DropdownMenuItem>
            <DropdownMenuItem tone="destructive" onSelect={onDelete}><Trash2 />{t("act.delete")}</DropdownMenuItem>
          </>
        )}
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

function Marks({ user }: { user: AdminUser }) {
  const t = useT("admin.users");
  const own = useMe()?.id === user.id;
  return (
    <>
      {own ? <Badge tone="outline">{t("you")}</Badge> : null}
      {user.role === "admin" ? <Badge tone="primary">{t("admin")}</Badge> : null}
      {user.status === "suspended" ? <Badge tone="destructive">{t("suspended")}</Badge> : null}
      {user.email_verified ? null : <Badge tone="outline">{t("unverified")}</Badge>}
    </>
  );
}

export function UserRow(props: RowProps) {
  const { user } = props;
  const t = useT("admin.users");
  const { date } = useFormat();
  return (
    <li className="flex items-center gap-x-4 px-5 py-3">
      <Avatar name={user.name} className="size-9" />
      <div className="grid min-w-0 grow gap-0.5">
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <span className="max-w-full truncate font-medium"><bdi>{user.name}</bdi></span>
          <Marks user={user} />
        </span>
        <span className="truncate text-[0.8125rem] text-muted-foreground"><bdi>{user.email}</bdi></span>
      </div>
      <span className="hidden w-44 shrink-0 text-[0.8125rem] text-muted-foreground lg:grid">
        <span>{t("registered", { date: date(user.created_at) })}</span>
        <span>{user.last_used_at ? <>{t("last_seen")} <RelativeTime value={user.last_used_at} /></> : t("never_seen")}</span>
      </span>
      <UserMenu {...props} />
    </li>
  );
}
