"use client";

import type { ReactNode } from "react";

import { useT } from "@/lib/i18n";

import { Markdown } from "./markdown";

export interface WelcomeProps {
  /** Over the text: an avatar or an icon. */
  icon?: ReactNode;
  /** The agent's name, or what this conversation is for. */
  title?: ReactNode;
  /** What the agent says first, in markdown. */
  greeting?: string | undefined;
  /** Said with one click. */
  suggestions?: readonly string[] | undefined;
  onPick?: ((question: string) => void) | undefined;
}

/** Before the first turn: who is there, what it says, and what one could ask. */
export function Welcome({ icon, title, greeting, suggestions = [], onPick }: WelcomeProps) {
  const t = useT("chat.welcome");
  return (
    <div className="mx-auto grid min-h-full w-full max-w-2xl content-center justify-items-center gap-4 px-4 py-8 text-center">
      {icon}
      {title ? <h2 className="text-lg font-semibold">{title}</h2> : null}
      {greeting ? <Markdown text={greeting} className="max-w-prose text-muted-foreground" /> : null}
      {suggestions.length > 0 && onPick ? (
        <ul aria-label={t("suggestions")} className="mt-2 flex flex-wrap justify-center gap-2">
          {suggestions.map((question) => (
            <li key={question} className="max-w-full">
              <button
                type="button"
                dir="auto"
                onClick={() => onPick(question)}
                className="max-w-full rounded-2xl border bg-card px-3.5 py-2 text-start text-sm shadow-card transition-colors [overflow-wrap:anywhere] hover:bg-muted"
              >
                {question}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}
