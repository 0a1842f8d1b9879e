"use client";

import { Plus, ScrollText } from "lucide-react";

import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { May } from "@/components/shell/may";
import { NothingYet } from "@/components/shell/nothing-yet";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { PageHeader } from "@/components/ui/page-header";
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
  return <May permission="prompts:write"><Button asChild><Link href="/prompts/new"><Plus aria-hidden="true" />{t("new")}</Link></Button></May>;
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

interface ListProps {
  filters: PromptFilters;
  onTag: (tag: string) => void;
  onClear: () => void;
}

/** Cards on phones, whatever was chosen: a table of six columns has no room there. */
function PromptList({ filters, onTag, onClear }: ListProps) {
  const t = useT("prompts");
  const table = useUi((state) => state.promptsView) === "table";
  const list = usePrompts(filters);
  const prompts = list.data?.pages.flatMap((page) => page.data) ?? [];
  const narrow = table ? "md:hidden" : undefined;
  const none = isFiltered(filters) ? <NothingFound title={t("nothing_title")} onClear={onClear}>{t("nothing_body")}</NothingFound> : <May permission="prompts:write" otherwise={<NothingYet />}><NoPrompts /></May>;
  return (
    <ListFrame
      query={list}
      skeleton={<><div className={narrow}><PromptCardsSkeleton /></div>{table ? <div className="hidden md:block"><PromptTableSkeleton /></div> : null}</>}
      empty={prompts.length ? null : none}
    >
      <div className={narrow}><PromptCards prompts={prompts} onTag={onTag} /></div>
      {table ? <div className="hidden md:block"><PromptTable prompts={prompts} onTag={onTag} /></div> : null}
    </ListFrame>
  );
}

export function PromptsScreen() {
  const t = useT("prompts");
  const [params, setParams] = useQueryState();
  const clear = () => setParams({ q: null, category: null, tag: null });
  return (
    <div className="page">
      <PageHeader title={t("title")} description={t("description")} actions={<NewPrompt />}>
        <PromptFilterBar filters={filtersOf(params)} onChange={setParams} onClear={clear} />
      </PageHeader>
      <PromptList filters={filtersOf(params)} onTag={(tag) => setParams({ tag })} onClear={clear} />
    </div>
  );
}
