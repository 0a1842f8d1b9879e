"use client";

import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { DescribeBox } from "./start/describe-box";
import { DraftList, useDrafts } from "./start/draft-list";
import { TemplateGallery } from "./start/template-gallery";
import { useCreateDraft } from "./start/use-create-draft";

/** The beginning of an agent: one sentence, a template, an empty form, or what was begun before. */
export function StartScreen() {
  const t = useT("start");
  const draft = useCreateDraft();
  const drafts = useDrafts();
  return (
    <div className="page grid content-start gap-12">
      <div className="mx-auto grid w-full max-w-3xl gap-8 pt-4 md:pt-10">
        <header className="grid gap-2 text-center">
          <h1 className="text-3xl font-semibold tracking-tight sm:text-[2.25rem]">{t("title")}</h1>
          <p className="mx-auto max-w-xl text-muted-foreground">{t("subtitle")}</p>
        </header>
        <DescribeBox {...draft} />
      </div>
      <DraftList />
      {/* Seen once its place is known, below the drafts, so that they do not push it down. */}
      <div className={cn(drafts.isPending && "invisible")}><TemplateGallery {...draft} /></div>
    </div>
  );
}
