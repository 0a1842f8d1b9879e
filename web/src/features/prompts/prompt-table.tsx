"use client";

import { variableNames } from "@/components/editor/variables";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import { Table, Td, Th } from "@/components/ui/table";
import type { Prompt } from "@/lib/api/schema";
import { useFormatter, useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { filingOf, titleOf } from "./draft";
import type { PromptListProps } from "./prompt-cards";
import { PromptMenu } from "./prompt-menu";
import { PromptTags } from "./prompt-tags";

const COLUMNS = ["name", "category", "tags", "variables", "updated"] as const;
const TAGS_SHOWN = 3;

function PromptRow({ prompt, onTag }: { prompt: Prompt; onTag: (tag: string) => void }) {
  const format = useFormatter();
  const { category, tags } = filingOf(prompt.metadata);
  return (
    <tr className="hover:bg-muted/40">
      <Td className="w-full max-w-0 min-w-64">
        <Link href={`/prompts/${prompt.id}`} className="block truncate font-medium hover:underline"><bdi>{titleOf(prompt)}</bdi></Link>
        {prompt.name ? <span className="block truncate text-xs text-muted-foreground"><bdi>{prompt.prompt_text}</bdi></span> : null}
      </Td>
      <Td className="max-w-44 truncate text-muted-foreground" title={category}><bdi>{category || "–"}</bdi></Td>
      <Td>
        <span className="flex w-max max-w-72 items-center gap-1.5 empty:after:text-muted-foreground empty:after:content-['–']"><PromptTags tags={tags} most={TAGS_SHOWN} onTag={onTag} /></span>
      </Td>
      <Td className="text-end text-muted-foreground tabular-nums">{format.number(variableNames(prompt.prompt_text).length)}</Td>
      <Td className="text-muted-foreground"><RelativeTime value={prompt.updated_at} /></Td>
      <Td className="w-12 text-end"><PromptMenu prompt={prompt} /></Td>
    </tr>
  );
}

export function PromptTable({ prompts, onTag }: PromptListProps) {
  const t = useT("prompts");
  return (
    <Card>
      <Table label={t("title")}>
        <thead>
          <tr>
            {COLUMNS.map((column) => <Th key={column} className={column === "variables" ? "text-end" : undefined}>{t(`column.${column}`)}</Th>)}
            <Th><span className="sr-only">{t("column.actions")}</span></Th>
          </tr>
        </thead>
        <tbody>{prompts.map((prompt) => <PromptRow key={prompt.id} prompt={prompt} onTag={onTag} />)}</tbody>
      </Table>
    </Card>
  );
}

export function PromptTableSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      <div className="h-10" />
      {Array.from({ length: 6 }, (_, i) => <div key={i} className="flex h-[3.75rem] items-center gap-6 px-4"><Skeleton className="h-4 w-72 max-w-full" /><Skeleton className="ms-auto h-4 w-24" /><Skeleton className="h-4 w-20" /></div>)}
    </Card>
  );
}
