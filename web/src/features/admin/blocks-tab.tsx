"use client";

import { Ban, Globe, ShieldCheck, UserX } from "lucide-react";
import { useState } from "react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Segmented } from "@/components/ui/segmented";
import { toast } from "@/components/ui/toast";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { Block } from "@/lib/api/schema";
import { useNow } from "@/lib/clock";
import { formatExactTime } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { BlockDialog } from "./block-dialog";
import { BLOCK_KINDS } from "./filters";
import { ListSkeleton } from "./list-skeleton";

const PAGE = 30;
const MINUTE_MS = 60_000;

/** Lifts a block. That of an address can be made again, for the rest of its time. */
function useLift() {
  const t = useT("admin.blocks");
  const tCore = useT("core");
  const failed = useActionFailed();
  const lift = $api.useMutation("delete", "/v1/admin/blocked-ips/{id}");
  const again = $api.useMutation("post", "/v1/admin/blocked-ips");
  const restore = async ({ subject, reason, expires_at: until }: Block) => {
    const minutes = Math.max(1, Math.ceil((new Date(until).getTime() - Date.now()) / MINUTE_MS));
    try {
      await again.mutateAsync({ body: { address: subject.replace(/\/\d+$/, ""), minutes, reason } });
      toast({ title: t("added", { subject }) });
    } catch (thrown) {
      failed(thrown);
    }
  };
  return {
    pending: lift.isPending,
    lift: async (block: Block) => {
      try {
        await lift.mutateAsync({ params: { path: { id: block.id } } });
        toast({ title: t("lifted", { subject: block.subject }), ...(block.kind === "address" ? { action: { label: tCore("undo"), onClick: () => void restore(block) } } : {}) });
      } catch (thrown) {
        failed(thrown);
      }
    },
  };
}

function BlockRow({ block }: { block: Block }) {
  const t = useT("admin.blocks");
  const format = useFormatter();
  const now = useNow();
  const { lift, pending } = useLift();
  const Icon = block.kind === "address" ? Globe : UserX;
  const ends = new Date(block.expires_at);
  return (
    <li className="flex items-center gap-x-4 px-5 py-3">
      <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-muted text-muted-foreground" title={t(`is_${block.kind}`)}>
        <Icon aria-hidden="true" className="size-5" />
        <span className="sr-only">{t(`is_${block.kind}`)}</span>
      </span>
      <div className="grid min-w-0 grow gap-0.5">
        <span className="truncate font-medium" title={block.subject}><bdi dir="ltr">{block.subject}</bdi></span>
        <span className="flex flex-wrap items-center gap-x-4 gap-y-1 text-[0.8125rem] text-muted-foreground">
          <time dateTime={block.expires_at} title={formatExactTime(format, ends)}>{t("ends", { when: format.relativeTime(Math.max(ends.getTime(), now + 1_000), { now, style: "long" }) })}</time>
          {block.failures > 0 ? <span>{t("failures", { count: block.failures })}</span> : null}
          {block.created_by_name ? <span>{t("made_by", { name: block.created_by_name })}</span> : null}
          {block.reason ? <span dir="auto" className="[overflow-wrap:anywhere]">{block.reason}</span> : null}
        </span>
      </div>
      <Button variant="secondary" size="sm" busy={pending} aria-label={t("lift_of", { subject: block.subject })} onClick={() => void lift(block)}>{t("lift")}</Button>
    </li>
  );
}

export function BlocksTab() {
  const t = useT("admin.blocks");
  const [params, setParams] = useQueryState();
  const kind = BLOCK_KINDS.find((name) => name === params.get("kind")) ?? null;
  const [adding, setAdding] = useState(false);
  const list = $api.useInfiniteQuery("get", "/v1/admin/blocked-ips", { params: { query: { limit: PAGE, ...(kind ? { kind } : {}) } } }, { ...BY_CURSOR, placeholderData: (before) => before, refetchInterval: MINUTE_MS });
  const blocks = list.data?.pages.flatMap((page) => page.data) ?? [];
  const none = kind
    ? <NothingFound title={t("empty_title")} onClear={() => setParams({ kind: null })}>{t("empty_body")}</NothingFound>
    : <EmptyState icon={ShieldCheck} title={t("empty_title")}>{t("empty_body")}</EmptyState>;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <Segmented<Block["kind"] | "all">
          label={t("filter")}
          value={kind ?? "all"}
          onChange={(next) => setParams({ kind: next === "all" ? null : next })}
          options={[{ value: "all", label: t("all") }, { value: "address", label: t("address") }, { value: "account", label: t("account") }]}
        />
        <Button onClick={() => setAdding(true)}><Ban />{t("add")}</Button>
      </div>
      <ListFrame query={list} skeleton={<ListSkeleton />} empty={blocks.length ? null : none}>
        <Card>
          <ul aria-label={t("list")} className="divide-y">{blocks.map((block) => <BlockRow key={block.id} block={block} />)}</ul>
        </Card>
      </ListFrame>
      {adding ? <BlockDialog onClose={() => setAdding(false)} /> : null}
    </div>
  );
}
