"use client";

import { Braces } from "lucide-react";

import { variableNames } from "@/components/editor/variables";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";
import { RelativeTime } from "@/components/ui/relative-time";
import { Skeleton } from "@/components/ui/skeleton";
import type { Prompt } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { filingOf, titleOf } from "./draft";
import { PromptMenu } from "./prompt-menu";
import { PromptTags } from "./prompt-tags";

const GRID = "grid gap-4 sm:grid-cols-2 xl:grid-cols-3";
const TAGS_SHOWN = 2;

export interface PromptListProps {
  prompts: readonly Prompt[];
  onTag: (tag: string) => void;
}

function PromptCard({ prompt, onTag }: { prompt: Prompt; onTag: (tag: string) => void }) {
  const t = useT("prompts");
  const { category, tags } = filingOf(prompt.metadata);
  const variables = variableNames(prompt.prompt_text).length;
  return (
    <Card className="relative flex h-full min-h-[11.75rem] flex-col gap-2.5 p-5 transition-colors focus-within:border-ring hover:border-input">
      <div className="flex items-start gap-2">
        <h2 dir="auto" className="min-w-0 grow truncate font-semibold">
          {/* The whole card is the link; the menu and the tags stand above it. */}
          <Link href={`/prompts/${prompt.id}`} className="outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-ring">{titleOf(prompt)}</Link>
        </h2>
        <div className="relative -me-2 -mt-1"><PromptMenu prompt={prompt} /></div>
      </div>
      <p dir="auto" className="line-clamp-3 text-sm leading-relaxed text-muted-foreground [overflow-wrap:anywhere]">{prompt.prompt_text}</p>
      <div className="mt-auto flex flex-wrap items-center gap-1.5 empty:hidden">
        {category ? <Badge tone="primary" className="max-w-40"><span dir="auto" className="truncate">{category}</span></Badge> : null}
        <PromptTags tags={tags} most={TAGS_SHOWN} onTag={onTag} />
      </div>
      <div className="flex items-center justify-between gap-3 border-t pt-3 text-xs text-muted-foreground">
        <span className="flex items-center gap-1.5"><Braces aria-hidden="true" className="size-3.5" />{t("variable_count", { count: variables })}</span>
        <RelativeTime value={prompt.updated_at} />
      </div>
    </Card>
  );
}

export function PromptCards({ prompts, onTag }: PromptListProps) {
  return <ul className={GRID}>{prompts.map((prompt) => <li key={prompt.id} className="min-w-0"><PromptCard prompt={prompt} onTag={onTag} /></li>)}</ul>;
}

export function PromptCardsSkeleton() {
  return <div className={GRID} aria-busy="true">{Array.from({ length: 6 }, (_, i) => <Skeleton key={i} className="h-[12.5rem] rounded-xl" />)}</div>;
}
