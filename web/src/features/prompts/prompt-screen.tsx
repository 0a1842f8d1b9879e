"use client";

import { ArrowLeft, SearchX } from "lucide-react";
import { useEffect, useState } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { Skeleton } from "@/components/ui/skeleton";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Prompt } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link, renameAddress, useQueryState, useSegment } from "@/lib/nav";

import { EMPTY_DRAFT, type PromptDraft } from "./draft";
import { exampleName, type ExampleName } from "./example-names";
import { Workbench } from "./workbench";

const NEW = "new";

function WorkbenchSkeleton() {
  return (
    <div className="page grid gap-5 pt-0!" aria-busy="true">
      <div className="-mx-4 flex h-[3.8125rem] items-center justify-between gap-4 border-b px-4 md:-mx-8 md:px-8">
        <Skeleton className="h-6 w-56" />
        <Skeleton className="h-9 w-20" />
      </div>
      <Skeleton className="h-9 w-44 lg:hidden" />
      <div className="grid items-start gap-5 lg:grid-cols-2">
        <Card className="grid gap-4 p-5"><Skeleton className="h-15" /><Skeleton className="h-15" /><Skeleton className="h-80" /><Skeleton className="h-6 w-64" /></Card>
        <Card className="grid gap-4 p-5 max-lg:hidden"><Skeleton className="h-11" /><Skeleton className="h-15" /><Skeleton className="h-24" /><Skeleton className="h-9.5 w-28 justify-self-end" /></Card>
      </div>
    </div>
  );
}

function Missing() {
  const t = useT("prompts");
  return (
    <EmptyState icon={SearchX} title={t("missing_title")} action={<Button asChild variant="secondary"><Link href="/prompts"><ArrowLeft aria-hidden="true" className="rtl:-scale-x-100" />{t("back")}</Link></Button>}>
      {t("missing_body")}
    </EmptyState>
  );
}

const nothing = () => undefined;

function PromptById({ id, onCreated }: { id: string; onCreated: (prompt: Prompt) => void }) {
  const [gone, setGone] = useState(false);
  const prompt = $api.useQuery("get", "/v1/prompts/{id}", { params: { path: { id } } }, { enabled: !gone });
  if (prompt.data) return <Workbench name={id} stored={prompt.data} start={EMPTY_DRAFT} onCreated={onCreated} onGone={setGone} />;
  if (!prompt.error) return <WorkbenchSkeleton />;
  const { status } = toApiError(prompt.error);
  return <div className="page">{status === 404 || status === 422 ? <Missing /> : <ErrorCard error={prompt.error} onRetry={() => void prompt.refetch()} />}</div>;
}

/** What a new prompt begins with; null while an example's text is on its way. */
function useStart(example: ExampleName | null): PromptDraft | null {
  const t = useT("prompts.examples");
  const [start, setStart] = useState<PromptDraft | null>(example ? null : EMPTY_DRAFT);
  useEffect(() => {
    if (!example) return undefined;
    let current = true;
    import("./examples").then(
      ({ EXAMPLE_TEXTS }) => { if (current) setStart((begun) => begun ?? { name: t(`${example}.name`), category: t(`${example}.category`), tags: [], text: EXAMPLE_TEXTS[example] }); },
      () => { if (current) setStart(EMPTY_DRAFT); },
    );
    return () => {
      current = false;
    };
  }, [example, t]);
  return start;
}

function NewPrompt({ onCreated }: { onCreated: (prompt: Prompt) => void }) {
  const [params] = useQueryState();
  const org = useMe()?.org.id ?? "";
  // The address loses it when the prompt is saved; what was begun stays.
  const [example] = useState(() => exampleName(params.get("example")));
  const start = useStart(example);
  return start ? <Workbench name={`${NEW}:${org}:${example ?? ""}`} stored={null} start={start} onCreated={onCreated} onGone={nothing} /> : <WorkbenchSkeleton />;
}

interface Shown {
  segment: string | null;
  /** Another key is another screen: nothing of one prompt is carried over to the next. */
  key: number;
  /** Begun as a new prompt. */
  fresh: boolean;
  /** The prompt that was made of what stands here: the same screen under another address. */
  made: string | null;
}

/** One prompt, or a new one, which becomes that prompt when it is saved, with the cursor where it was. */
export function PromptScreen() {
  const segment = useSegment(1);
  const [shown, setShown] = useState<Shown>({ segment, key: 0, fresh: segment === NEW, made: null });
  if (shown.segment !== segment) {
    setShown(segment !== null && segment === shown.made ? { ...shown, segment } : { segment, key: shown.key + 1, fresh: segment === NEW, made: null });
  }
  const onCreated = ({ id }: Prompt) => {
    setShown((now) => ({ ...now, made: id }));
    const view = new URLSearchParams(window.location.search).get("view");
    renameAddress(view ? `/prompts/${id}?view=${view}` : `/prompts/${id}`);
  };
  if (segment === null) return <WorkbenchSkeleton />;
  if (shown.fresh) return <NewPrompt key={shown.key} onCreated={onCreated} />;
  return <PromptById key={shown.key} id={segment} onCreated={onCreated} />;
}
