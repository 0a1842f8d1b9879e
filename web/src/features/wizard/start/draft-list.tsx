"use client";

import { ArrowRight, FilePen, Trash2 } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { RelativeTime } from "@/components/ui/relative-time";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { AgentSummary } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

const SHOWN = 4;

function useDiscard() {
  const t = useT("start");
  const tCore = useT("core");
  const queries = useQueryClient();
  const remove = $api.useMutation("delete", "/v1/agents/{id}");
  const restore = $api.useMutation("post", "/v1/agents/{id}/restore");
  const fail = useActionFailed();
  return async ({ id, name }: AgentSummary) => {
    const params = { path: { id } };
    try {
      await remove.mutateAsync({ params });
      queries.removeQueries({ queryKey: $api.queryOptions("get", "/v1/agents/{id}", { params }).queryKey });
      toast({ tone: "info", title: t("draft_deleted", { name }), action: { label: tCore("undo"), onClick: () => void restore.mutateAsync({ params }).catch((thrown: unknown) => fail(thrown)) } });
    } catch (thrown) {
      fail(thrown);
    }
  };
}

/** What was begun and never published, newest first. */
export function useDrafts() {
  return $api.useQuery("get", "/v1/agents", { params: { query: { status: "draft", sort: "-updated_at", limit: SHOWN } } }, { staleTime: 0 });
}

/** Nothing is shown where there is none. */
export function DraftList() {
  const t = useT("start");
  const { data } = useDrafts();
  const discard = useDiscard();
  if (!data?.data.length) return null;
  return (
    <section aria-labelledby="drafts-title" className="grid gap-3">
      <div className="flex items-baseline justify-between gap-3">
        <h2 id="drafts-title" className="text-[0.9375rem] font-semibold">{t("drafts")}</h2>
        {data.next_cursor ? <Link href="/agents?status=draft" className="text-[0.8125rem] font-medium text-primary hover:underline">{t("all_drafts")}</Link> : null}
      </div>
      <ul className="grid gap-2 sm:grid-cols-2">
        {data.data.map((agent) => (
          <li key={agent.id} className="group relative flex items-center gap-3 rounded-xl border bg-card p-3 ps-4 shadow-card transition-colors hover:border-input">
            <FilePen aria-hidden="true" className="size-4.5 shrink-0 text-muted-foreground" />
            <div className="grid min-w-0 grow">
              <Link href={`/agents/${agent.id}/edit`} dir="auto" className="truncate text-sm font-medium after:absolute after:inset-0 after:rounded-xl">{agent.name}</Link>
              <span className="flex min-w-0 gap-1.5 text-xs text-muted-foreground">
                <RelativeTime value={agent.draft_updated_at ?? agent.updated_at} />
                {agent.description ? <><span aria-hidden="true">·</span><span dir="auto" className="truncate">{agent.description}</span></> : null}
              </span>
            </div>
            <Button variant="ghost" size="icon-sm" className="relative text-muted-foreground" aria-label={t("delete_draft", { name: agent.name })} title={t("delete_draft", { name: agent.name })} onClick={() => void discard(agent)}><Trash2 /></Button>
            <ArrowRight aria-hidden="true" className="size-4 shrink-0 text-muted-foreground transition-transform group-hover:translate-x-0.5 rtl:-scale-x-100" />
          </li>
        ))}
      </ul>
    </section>
  );
}
