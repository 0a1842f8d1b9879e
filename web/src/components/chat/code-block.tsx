"use client";

import { memo, useEffect, useRef, useState, type ReactNode } from "react";

import { CopyButton } from "@/components/ui/copy-button";
import { useT } from "@/lib/i18n";

import { highlight, type HighlightTree } from "./highlight";
import { SideScroller } from "./side-scroller";

/** While code streams in it is coloured this often. */
const SETTLE_MS = 120;

interface Highlighted {
  code: string;
  tree: HighlightTree;
}

type Node = HighlightTree["children"][number];

function colored(nodes: readonly Node[]): ReactNode {
  return nodes.map((node, i) => {
    if (node.type === "text") return node.value;
    if (node.type !== "element") return null;
    const { className } = node.properties;
    return <span key={i} className={Array.isArray(className) ? className.join(" ") : undefined}>{colored(node.children)}</span>;
  });
}

function useHighlighted(code: string, language: string): Highlighted | null {
  const [done, setDone] = useState<Highlighted | null>(null);
  const nextAt = useRef(0);
  useEffect(() => {
    const timer = setTimeout(() => {
      nextAt.current = performance.now() + SETTLE_MS;
      void highlight(code, language).then((tree) => setDone(tree && { code, tree }));
    }, Math.max(0, nextAt.current - performance.now()));
    return () => clearTimeout(timer);
  }, [code, language]);
  // What came since it was coloured follows plain, so that nothing flickers.
  return done && code.startsWith(done.code) ? done : null;
}

/** A block of code with its language and a copy button; coloured as soon as the grammars are there. */
export const CodeBlock = memo(function CodeBlock({ code, language }: { code: string; language: string }) {
  const t = useT("chat.markdown");
  const done = useHighlighted(code, language);
  return (
    <figure dir="ltr" className="overflow-hidden rounded-xl border bg-card">
      <figcaption className="flex h-9 items-center justify-between gap-3 border-b bg-muted/50 ps-3.5 pe-1 text-xs text-muted-foreground">
        <span className="truncate font-mono">{language || t("code")}</span>
        <CopyButton text={code} label={t("copy_code")} copiedLabel={t("copied")} className="size-7 [&_svg]:size-3.5" />
      </figcaption>
      <SideScroller label={language || t("code")}>
        <pre className="w-max min-w-full px-3.5 py-3 font-mono text-[0.8125rem] leading-relaxed [tab-size:4]">
          <code>
            {done ? colored(done.tree.children) : null}
            {done ? code.slice(done.code.length) : code}
          </code>
        </pre>
      </SideScroller>
    </figure>
  );
});
