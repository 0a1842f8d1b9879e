"use client";

import { ChevronDown, KeyRound, Users } from "lucide-react";
import { useId, useState, type ReactNode } from "react";

import { usePermissionTexts } from "@/components/permissions/permissions";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import type { ApiKey } from "@/lib/api/schema";
import { useMe, usePermission } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { formatDate, formatExactTime, useFormat } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

import { useAgentNames } from "./agent-picker";

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return <span className="flex items-center gap-1.5"><span>{label}:</span><span className="text-foreground">{children}</span></span>;
}

function Expiry({ at }: { at: string | null }) {
  const tCore = useT("core");
  const format = useFormatter();
  if (!at) return <>{tCore("never")}</>;
  return <span title={formatExactTime(format, new Date(at))}>{formatDate(format, new Date(at))}</span>;
}

function Facts({ apiKey }: { apiKey: ApiKey }) {
  const t = useT("keys");
  const { scopes, agent_ids: agents, requests_per_minute: rate, last_used_at: used, expires_at: expires } = apiKey;
  return (
    <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[0.8125rem] text-muted-foreground">
      <code dir="ltr" className="font-mono text-xs">{apiKey.prefix}…</code>
      <span>{scopes.length ? t("scope_count", { count: scopes.length }) : t("all_scopes")}</span>
      {agents.length ? <span>{t("agent_count", { count: agents.length })}</span> : null}
      {rate === null ? null : <span>{t("per_minute", { count: rate })}</span>}
      <Fact label={t("last_used")}>{used ? <RelativeTime value={used} /> : t("never_used")}</Fact>
      <Fact label={t("expires")}><Expiry at={expires} /></Fact>
    </p>
  );
}

function Chips({ label, items }: { label: string; items: readonly string[] }) {
  return (
    <div className="grid gap-1.5">
      <h3 className="text-xs font-medium text-muted-foreground">{label}</h3>
      <ul className="flex flex-wrap gap-1.5">{items.map((item) => <li key={item} className="min-w-0"><Badge className="whitespace-normal"><bdi>{item}</bdi></Badge></li>)}</ul>
    </div>
  );
}

/** All of what it may do, and which agents it may use. */
function Details({ apiKey, id }: { apiKey: ApiKey; id: string }) {
  const t = useT("keys");
  const { date } = useFormat();
  const { nameOf } = usePermissionTexts();
  const names = useAgentNames(apiKey.agent_ids.length > 0);
  return (
    <div id={id} className="grid gap-4 border-t border-dashed pt-3">
      <Chips label={t("scopes")} items={apiKey.scopes.length ? apiKey.scopes.map((name) => nameOf(name)) : [t("all_scopes")]} />
      {apiKey.agent_ids.length ? <Chips label={t("agents")} items={apiKey.agent_ids.map((agent) => names?.get(agent) ?? (names ? t("agents_unknown") : "…"))} /> : null}
      <p className="text-xs text-muted-foreground">{t("created_on", { date: date(apiKey.created_at) })}</p>
    </div>
  );
}

export function KeyRow({ apiKey, onEdit, onRevoke }: { apiKey: ApiKey; onEdit: () => void; onRevoke: () => void }) {
  const t = useT("keys");
  const me = useMe();
  const [open, setOpen] = useState(false);
  const id = useId();
  const own = !apiKey.shared && apiKey.user_id === me?.id;
  const mayChange = usePermission(own ? "keys:write" : "keys:manage");
  const expired = apiKey.expires_at !== null && new Date(apiKey.expires_at) <= new Date();
  const Icon = apiKey.shared ? Users : KeyRound;
  return (
    <li className="grid grid-cols-[minmax(0,1fr)] gap-2 px-5 py-4">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="flex min-w-0 max-w-full items-center gap-3">
          <Icon aria-hidden="true" className={cn("size-4.5 shrink-0 text-muted-foreground", expired && "opacity-50")} />
          <h2 className="min-w-0 truncate font-medium" title={apiKey.name}><bdi>{apiKey.name}</bdi></h2>
        </div>
        {apiKey.shared ? <Badge tone="primary">{t("badge_shared")}</Badge> : null}
        {expired ? <Badge tone="destructive">{t("expired")}</Badge> : null}
        {own ? null : <span className="truncate text-[0.8125rem] text-muted-foreground">{t("made_by", { name: apiKey.user_name })}</span>}
        <span className="-my-1 -me-3 ms-auto flex items-center">
          <Button variant="ghost" size="sm" aria-expanded={open} aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
            {t("details")}
            <ChevronDown className={cn("transition-transform", open && "rotate-180")} />
          </Button>
          {mayChange ? (
            <>
              <Button variant="ghost" size="sm" onClick={onEdit}>{t("edit")}</Button>
              <Button variant="ghost" size="sm" className="text-destructive" onClick={onRevoke}>{t("revoke")}</Button>
            </>
          ) : null}
        </span>
      </div>
      <Facts apiKey={apiKey} />
      {open ? <Details apiKey={apiKey} id={id} /> : null}
    </li>
  );
}
