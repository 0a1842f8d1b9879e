"use client";

import { lazy, memo, Suspense, type ComponentType } from "react";

import { cn } from "@/lib/cn";

const loadRenderer = () => import("./markdown-renderer");

function Plain({ text }: { text: string }) {
  return <p dir="auto" className="whitespace-pre-wrap">{text}</p>;
}

// An answer that cannot be made pretty can still be read.
const Renderer = lazy<ComponentType<{ text: string }>>(() => loadRenderer().then(({ MarkdownRenderer }) => ({ default: MarkdownRenderer }), () => ({ default: Plain })));

/** What makes a text more than one plain paragraph: marks, entries of lists, rules, links, blank lines. */
const MARKED = /[*_`#>~|<[\]\\&]|https?:|www\.|\S@\S|\n[ \t\r]*\n|^(?: {4}|\t)|^[ \t]*(?:[-+]|\d+[.)])[ \t]|^[ \t]*[-=]+[ \t]*$/m;

/** Fetches the renderer before there is something to render. */
export function preloadMarkdown(): void {
  loadRenderer().catch(() => undefined);
}

/**
 * Markdown written by a model, and therefore by anybody: no HTML, no images from elsewhere, links only to
 * the web and to mail. It may grow: only its last blocks are rendered anew. Until the renderer is loaded
 * the text stands as it was written, and a plain text does not wait for it.
 */
export const Markdown = memo(function Markdown({ text, className }: { text: string; className?: string | undefined }) {
  return (
    <div className={cn("grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3.5 leading-relaxed [overflow-wrap:anywhere]", className)}>
      {MARKED.test(text) ? <Suspense fallback={<Plain text={text} />}><Renderer text={text} /></Suspense> : <Plain text={text} />}
    </div>
  );
});
