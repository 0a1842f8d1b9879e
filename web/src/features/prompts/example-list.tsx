"use client";

import { Braces, GraduationCap, Headset, ListChecks, Megaphone, ScanSearch, type LucideIcon } from "lucide-react";

import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { EXAMPLES, type ExampleName } from "./example-names";

const ICONS: Readonly<Record<ExampleName, LucideIcon>> = {
  support_reply: Headset,
  meeting_notes: ListChecks,
  code_review: ScanSearch,
  product_text: Megaphone,
  extract_data: Braces,
  explain: GraduationCap,
};

/** Prompts to start from; each opens as a new one. */
export function ExampleCards() {
  const t = useT("prompts.examples");
  return (
    <ul className="grid gap-3 sm:grid-cols-2 xl:grid-cols-3">
      {EXAMPLES.map((name) => {
        const Icon = ICONS[name];
        return (
          <li key={name}>
            <Link href={`/prompts/new?example=${name}`} className="flex h-full items-start gap-3.5 rounded-xl border bg-card p-4 shadow-card transition-colors hover:border-input hover:bg-muted/40">
              <span className="grid size-9 shrink-0 place-items-center rounded-lg bg-primary-soft text-primary-soft-foreground"><Icon aria-hidden="true" className="size-4.5" /></span>
              <span className="grid min-w-0 gap-0.5">
                <span className="font-medium">{t(`${name}.name`)}</span>
                <span className="text-[0.8125rem] text-muted-foreground">{t(`${name}.description`)}</span>
              </span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
