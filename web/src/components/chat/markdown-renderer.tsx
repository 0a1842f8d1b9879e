"use client";

import { ImageOff, Square, SquareCheck } from "lucide-react";
import { createContext, memo, useContext, useState, type ReactNode } from "react";
import ReactMarkdown, { type Components, type ExtraProps } from "react-markdown";
import remarkGfm from "remark-gfm";

import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { CodeBlock } from "./code-block";
import { splitBlocks, type Blocks } from "./markdown-blocks";
import { safeUrl } from "./safe-url";
import { SideScroller } from "./side-scroller";

type Element = NonNullable<ExtraProps["node"]>;
type Child = Element["children"][number];

const REMARK_PLUGINS = [remarkGfm];
const REHYPE_PLUGINS = [mend];
const MAX_LANGUAGE_CHARS = 24;
const InTableHead = createContext(false);

/** Raw HTML stays text, but for the line breaks that models write into table cells. */
function mendBreaks(children: Child[]): void {
  children.forEach((child, i) => {
    if (child.type === "element") mendBreaks(child.children);
    else if (child.type === "raw" && /^<br\s*\/?>$/i.test(child.value)) children[i] = { type: "element", tagName: "br", properties: {}, children: [] };
  });
}

/** Each outermost block runs the way its text does, and what is in it follows: markers, borders, columns. */
function mend() {
  return ({ children }: { children: Child[] }) => {
    mendBreaks(children);
    for (const child of children) if (child.type === "element") child.properties["dir"] = "auto";
  };
}

function textOf(node: Child | Element): string {
  if (node.type === "text") return node.value;
  return node.type === "element" ? node.children.map(textOf).join("") : "";
}

function hasClass(node: Element | undefined, name: string): boolean {
  const classes = node?.properties["className"];
  return Array.isArray(classes) && classes.includes(name);
}

function languageOf(code: Element): string {
  const classes = code.properties["className"];
  const language = Array.isArray(classes) ? classes.map(String).find((name) => name.startsWith("language-")) : undefined;
  return language?.slice("language-".length, "language-".length + MAX_LANGUAGE_CHARS).toLowerCase() ?? "";
}

function Pre({ node }: ExtraProps) {
  const code = node?.children.find((child) => child.type === "element");
  if (!code) return null;
  return <CodeBlock code={textOf(code).replace(/\n+$/, "")} language={languageOf(code)} />;
}

function Anchor({ href, children, node }: { href?: string | undefined; children?: ReactNode } & ExtraProps) {
  const t = useT("chat.markdown");
  if (node?.properties["dataFootnoteBackref"] !== undefined) return null;
  if (!href) return <span>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href} className="font-medium text-primary underline decoration-primary/40 underline-offset-3 hover:decoration-primary">
      {children}
      <span className="sr-only"> ({t("new_tab")})</span>
    </a>
  );
}

function BlockedImage({ alt }: { alt?: string | undefined }) {
  const t = useT("chat.markdown");
  return (
    <span title={t("image_blocked", { alt: alt || t("image") })} className="inline-flex max-w-full items-center gap-1.5 rounded-md border bg-muted/50 px-2 py-0.5 align-baseline text-sm text-muted-foreground">
      <ImageOff aria-hidden="true" className="size-3.5 shrink-0" />
      <span className="truncate">{alt || t("image")}</span>
    </span>
  );
}

function Task({ checked }: { checked?: boolean | undefined }) {
  const t = useT("chat.markdown");
  const Icon = checked ? SquareCheck : Square;
  return <Icon role="img" aria-label={checked ? t("task_done") : t("task_open")} className={cn("absolute -inset-s-6 top-1 size-4", checked ? "text-primary" : "text-muted-foreground")} />;
}

function Table({ children, dir }: { children?: ReactNode; dir?: string | undefined }) {
  const t = useT("chat.markdown");
  return (
    <SideScroller label={t("table")} className="rounded-xl border">
      <table dir={dir} className="w-full border-collapse text-sm">{children}</table>
    </SideScroller>
  );
}

const ALIGNMENTS: Readonly<Record<string, string>> = { left: "text-left", center: "text-center", right: "text-right" };

function Cell({ node, children }: { children?: ReactNode } & ExtraProps) {
  const inHead = useContext(InTableHead);
  const align = ALIGNMENTS[String(node?.properties["align"])] ?? "text-start";
  if (inHead) return <th scope="col" className={cn("px-3.5 py-2 font-medium whitespace-nowrap", align)}>{children}</th>;
  return <td className={cn("border-t px-3.5 py-2 align-top", align)}>{children}</td>;
}

/** A heading of an answer stands below those of the page, whatever the model made it. */
function heading(Tag: "h3" | "h4" | "h5" | "h6", className: string) {
  return function Heading({ children, dir }: { children?: ReactNode; dir?: string | undefined }) {
    return <Tag dir={dir} className={cn("mt-2 font-semibold first:mt-0", className)}>{children}</Tag>;
  };
}

/**
 * What each element becomes. None passes on all it was given, so no style, id, class or handler of the
 * text reaches the page; elements that are not here are dropped and leave their text.
 */
const COMPONENTS: Components = {
  a: Anchor,
  blockquote: ({ children, dir }) => <blockquote dir={dir} className="grid gap-3 border-s-2 border-input/60 ps-4 text-muted-foreground">{children}</blockquote>,
  br: () => <br />,
  code: ({ children }) => <code dir="ltr" className="rounded-md bg-muted px-1.5 py-0.5 font-mono text-[0.875em] break-words">{children}</code>,
  del: ({ children }) => <del>{children}</del>,
  em: ({ children }) => <em>{children}</em>,
  h1: heading("h3", "text-xl"),
  h2: heading("h4", "text-lg"),
  h3: heading("h5", "text-base"),
  h4: heading("h6", "text-[0.9375rem]"),
  h5: heading("h6", "text-[0.9375rem]"),
  h6: heading("h6", "text-[0.9375rem] text-muted-foreground"),
  hr: () => <hr className="my-1" />,
  img: ({ alt }) => <BlockedImage alt={alt} />,
  input: ({ checked }) => <Task checked={checked} />,
  li: ({ children, node }) => <li className={cn("ps-1 marker:text-muted-foreground [&>*+*]:mt-2", hasClass(node, "task-list-item") && "relative list-none")}>{children}</li>,
  ol: ({ children, dir, start }) => <ol dir={dir} start={start} className="grid list-decimal gap-1.5 ps-6">{children}</ol>,
  p: ({ children, dir }) => <p dir={dir}>{children}</p>,
  pre: Pre,
  section: ({ children, dir }) => <section dir={dir} className="mt-1 border-t pt-3 text-sm text-muted-foreground">{children}</section>,
  strong: ({ children }) => <strong className="font-semibold">{children}</strong>,
  sup: ({ children }) => <sup className="text-[0.75em]">{children}</sup>,
  table: Table,
  tbody: ({ children }) => <tbody>{children}</tbody>,
  td: Cell,
  th: Cell,
  thead: ({ children }) => <InTableHead value><thead className="bg-muted/50">{children}</thead></InTableHead>,
  tr: ({ children }) => <tr>{children}</tr>,
  ul: ({ children, dir }) => <ul dir={dir} className="grid list-disc gap-1.5 ps-6">{children}</ul>,
};
const ALLOWED = Object.keys(COMPONENTS);

const Block = memo(function Block({ text, footnotes }: { text: string; footnotes: string }) {
  return (
    <ReactMarkdown
      remarkPlugins={REMARK_PLUGINS}
      rehypePlugins={REHYPE_PLUGINS}
      remarkRehypeOptions={{ footnoteLabel: footnotes }}
      components={COMPONENTS}
      allowedElements={ALLOWED}
      unwrapDisallowed
      urlTransform={safeUrl}
    >
      {text}
    </ReactMarkdown>
  );
});

/** Markdown of a model, block by block. Use `Markdown`, which loads this when it is needed. */
export function MarkdownRenderer({ text }: { text: string }) {
  const t = useT("chat.markdown");
  // What does not grow needs no splitting: it is parsed once, not twice.
  const [blocks, setBlocks] = useState<Blocks>(() => ({ text, pieces: [text] }));
  const current = splitBlocks(text, blocks);
  if (current !== blocks) setBlocks(current);
  return current.pieces.map((piece, i) => <Block key={i} text={piece} footnotes={t("footnotes")} />);
}
