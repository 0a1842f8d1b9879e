"use client";

import { Plus, ScrollText, SearchX } from "lucide-react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, useQueryState } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { ExampleCards } from "./example-list";
import { filtersOf, isFiltered, type PromptFilters } from "./list-params";
import { PromptCards, PromptCardsSkeleton } from "./prompt-cards";
import { PromptFilterBar } from "./prompt-filters";
import { PromptTable, PromptTableSkeleton } from "./prompt-table";
import { usePrompts } from "./use-prompts";

function NewPrompt() {
  const t = useT("prompts");
  return <Button asChild><Link href="/prompts/new"><Plus aria-hidden="true" />{t("new")}</Link></Button>;
}

function NoPrompts() {
  const t = useT("prompts");
  return (
    <div className="grid gap-8">
      <EmptyState icon={ScrollText} title={t("empty_title")} action={<NewPrompt />}>{t("empty_body")}</EmptyState>
      <section aria-labelledby="prompt-examples" className="grid gap-4">
        <h2 id="prompt-examples" className="text-base font-semibold">{t("examples.title")}</h2>
        <ExampleCards />
      </section>
    </div>
  );
}

function NothingFound({ onClear }: { onClear: () => void }) {
  const t = useT("prompts");
  const tCore = useT("core");
  return (
    <EmptyState icon={SearchX} title={t("nothing_title")} action={<Button variant="secondary" onClick={onClear}>{tCore("clear_filters")}</Button>}>
      {t("nothing_body")}
    </EmptyState>
  );
}

interface ListProps {
  filters: PromptFilters;
  onTag: (tag: string) => void;
  onClear: () => void;
}

/** Cards on phones, whatever was chosen: a table of six columns has no room there. */
function PromptList({ filters, onTag, onClear }: ListProps) {
  const tCore = useT("core");
  const table = useUi((state) => state.promptsView) === "table";
  const list = usePrompts(filters);
  const prompts = list.data?.pages.flatMap((page) => page.data) ?? [];
  const narrow = table ? "md:hidden" : undefined;
  if (list.isPending) return <><div className={narrow}><PromptCardsSkeleton /></div>{table ? <div className="hidden md:block"><PromptTableSkeleton /></div> : null}</>;
  if (list.error) return <ErrorCard error={list.error} onRetry={() => void list.refetch()} />;
  if (!prompts.length) return isFiltered(filters) ? <NothingFound onClear={onClear} /> : <NoPrompts />;
  return (
    <div className={cn("grid gap-5 transition-opacity", list.isPlaceholderData && "opacity-60")} aria-busy={list.isPlaceholderData}>
      <div className={narrow}><PromptCards prompts={prompts} onTag={onTag} /></div>
      {table ? <div className="hidden md:block"><PromptTable prompts={prompts} onTag={onTag} /></div> : null}
      {list.hasNextPage ? (
        <Button variant="secondary" className="justify-self-center" busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{tCore("loading_more")}</Button>
      ) : null}
    </div>
  );
}

export function PromptsScreen() {
  const t = useT("prompts");
  const [params, setParams] = useQueryState();
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} actions={<NewPrompt />}>
        <PromptFilterBar filters={filtersOf(params)} onChange={setParams} />
      </PageHeader>
      <PromptList filters={filtersOf(params)} onTag={(tag) => setParams({ tag })} onClear={() => setParams({ q: null, category: null, tag: null })} />
    </div>
  );
}
