/**
 * Splits markdown into pieces that can be rendered one by one with the same result as the whole. While an
 * answer streams in only its tail is parsed anew; the pieces before it stay the same strings.
 */
import remarkGfm from "remark-gfm";
import remarkParse from "remark-parse";
import { unified } from "unified";

const parser = unified().use(remarkParse).use(remarkGfm).freeze();

/**
 * A line that may define a link or a footnote: such a definition changes text anywhere, so a document with
 * one stays whole. Finds more than there are (in code, for one); that costs time, never correctness.
 */
const DEFINITION = /^[\s>*+\-\d.)]*\[(?:[^[\]\\]|\\[^])*\]:/m;

/** The last piece may still change with what follows it, and so may the one before the last line's. */
const OPEN_PIECES = 2;

export interface Blocks {
  /** What they were split from. */
  text: string;
  /** Joined they are `text`. */
  pieces: readonly string[];
}

export const NO_BLOCKS: Blocks = { text: "", pieces: [] };

function startOfLine(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && text[start - 1] !== "\n" && text[start - 1] !== "\r") start--;
  return start;
}

/** Blocks without a blank line between them are not apart: the parser reads one by the other. */
function followsBlankLine(text: string, start: number): boolean {
  const end = text.startsWith("\r\n", start - 2) ? start - 2 : start - 1;
  return end >= 0 && /^[ \t]*$/.test(text.slice(startOfLine(text, end), end));
}

/** Nor is indented code from its neighbours: the parser takes some lists beside it for something else. */
function isIndentedCode(text: string, start: number): boolean {
  return /^(?: {4}| {0,3}\t)/.test(text.slice(start, start + 4));
}

function split(text: string): string[] {
  if (text === "") return [];
  const starts = parser.parse(text).children.map(({ position }) => startOfLine(text, position?.start.offset ?? 0));
  const cuts = starts.slice(1).filter((start, i) => followsBlankLine(text, start) && ![start, starts[i] ?? 0].some((at) => isIndentedCode(text, at)));
  return [0, ...cuts].map((start, i) => text.slice(start, cuts[i]));
}

/** Splits `text`; what `before` was split into is used where `text` goes on with it. */
export function splitBlocks(text: string, before: Blocks = NO_BLOCKS): Blocks {
  if (text === before.text) return before;
  if (DEFINITION.test(text)) return { text, pieces: [text] };
  const closed = text.startsWith(before.text) ? before.pieces.slice(0, -OPEN_PIECES) : [];
  const tail = text.slice(closed.reduce((length, piece) => length + piece.length, 0));
  return { text, pieces: [...closed, ...split(tail)] };
}
