"use client";

import { Info, TriangleAlert } from "lucide-react";

import { variableNames } from "@/components/editor/variables";
import type { Finding } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

const KNOWN = ["unset_variable", "unused_variable", "unbalanced_braces", "very_short", "very_long"] as const;

/** What the server remarked on the prompt when it was last tested. */
export function Findings({ findings, outdated }: { findings: readonly Finding[]; outdated: boolean }) {
  const t = useT("prompts.finding");
  if (!findings.length) return null;
  const words = ({ code, message }: Finding) => {
    const known = KNOWN.find((name) => name === code);
    return known ? t(known, { name: `{{${variableNames(message)[0] ?? ""}}}` }) : message;
  };
  return (
    <section aria-label={t("title")} className={cn("grid gap-1.5 transition-opacity", outdated && "opacity-70")}>
      <h3 className="text-xs font-medium text-muted-foreground">{outdated ? t("title_outdated") : t("title")}</h3>
      <ul className="grid gap-1.5">
        {findings.map((finding) => {
          const warning = finding.severity === "warning";
          const Icon = warning ? TriangleAlert : Info;
          return (
            <li key={finding.message} className={cn("flex gap-2.5 rounded-lg px-3 py-2 text-[0.8125rem]", warning ? "bg-warning-soft text-warning" : "bg-muted text-foreground")}>
              <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
              <span className="min-w-0 [overflow-wrap:anywhere]">{words(finding)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
