import fc from "fast-check";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import Markdown from "react-markdown";
import remarkGfm from "remark-gfm";
import { describe, expect, it } from "vitest";

import { NO_BLOCKS, splitBlocks } from "./markdown-blocks";

const PLUGINS = [remarkGfm];
/** Blank lines at the end of code are not shown, so they need not agree: whether some belong to a fence that nobody closed depends on what follows. */
const html = (text: string) => renderToStaticMarkup(createElement(Markdown, { remarkPlugins: PLUGINS }, text)).replace(/\n+<\/code>/g, "</code>");
/** Between blocks stands a line break that shows nowhere. */
const joined = (pieces: readonly string[]) => pieces.map(html).filter(Boolean).join("\n");

/** Lines that open, continue, interrupt and close every kind of block. */
const LINES = [
  "", "", "", "text", "more *text*", "    indented", "\ttab", "# title", "## two", "===", "---", "***", "- item", "-", "  continued", "    - nested",
  "+ plus", "* star", "1. one", "1", "2.", "2) two", "10. ten", "   three spaces", "> quote", ">", "> - listed", "```", "```js", "  ```", "~~~", "````",
  "| a | b |", "|---|:-:|", "| 1 | 2 |", "<div>", "</div>", "<script>", "</script>", "<!-- open", "-->", "<b>x</b>", "- [x] done", "- [ ] open",
  "[label]: https://example.com", "[label]", "[^1]: note", "see[^1]", "> [quoted]: /x", "- [listed]: /y", "[two", "lines]: /z", "https://example.com", "**open", "`code", "\\", "a\\", "&amp;", "x | y",
];
const document = fc
  .array(fc.tuple(fc.constantFrom(...LINES), fc.constantFrom("\n", "\n", "\n", "\r\n", "\r")), { maxLength: 14 })
  .map((lines) => lines.map(([line, end]) => line + end).join(""));

describe("splitBlocks", () => {
  it("loses and adds nothing", () => {
    fc.assert(fc.property(fc.oneof(document, fc.string({ unit: "grapheme" })), (text) => {
      expect(splitBlocks(text).pieces.join("")).toBe(text);
    }));
  });

  it("renders as the whole does", () => {
    fc.assert(fc.property(document, (text) => {
      expect(joined(splitBlocks(text).pieces)).toBe(html(text));
    }), { numRuns: 800 });
  });

  it("comes to the same however the text arrives", () => {
    fc.assert(fc.property(document, fc.array(fc.nat(300), { maxLength: 12 }), (text, at) => {
      const cuts = [...at.map((offset) => offset % (text.length + 1)), text.length].sort((a, b) => a - b);
      let blocks = NO_BLOCKS;
      for (const cut of cuts) {
        blocks = splitBlocks(text.slice(0, cut), blocks);
        expect(blocks.pieces.join("")).toBe(text.slice(0, cut));
      }
      expect(joined(blocks.pieces)).toBe(html(text));
    }), { numRuns: 800 });
  });

  it("keeps the pieces before the tail as they are while text comes", () => {
    const before = splitBlocks("# Title\n\nOne.\n\nTwo.\n\nThr");
    const after = splitBlocks("# Title\n\nOne.\n\nTwo.\n\nThree.\n\n- four", before);
    expect(after.pieces).toEqual(["# Title\n\n", "One.\n\n", "Two.\n\n", "Three.\n\n", "- four"]);
  });

  it("takes another text as a new one", () => {
    const before = splitBlocks("One.\n\nTwo.\n\nThree.\n\nFour.");
    expect(splitBlocks("Other.\n\nText.", before).pieces).toEqual(["Other.\n\n", "Text."]);
  });

  it("keeps a document with definitions whole", () => {
    const text = "See [here] and there[^1].\n\nMore.\n\n[here]: https://example.com\n\n[^1]: A note.";
    expect(splitBlocks(text).pieces).toEqual([text]);
  });
});
