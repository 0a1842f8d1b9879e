"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactNode, type RefObject } from "react";

import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import type { ChatActions, ShownTurn } from "@/lib/chat";
import { useT } from "@/lib/i18n";

import { preloadMarkdown } from "./markdown";
import { Message, useFailureText } from "./message";

export interface ConversationProps {
  turns: readonly ShownTurn[];
  /** An answer is under way. */
  busy?: boolean;
  /** What one can do; what is absent has no control. */
  actions?: ChatActions;
  /** Who answers, for those who hear the conversation. */
  name?: string | undefined;
  /** Stands before the first turn, such as a greeting. */
  before?: ReactNode;
  /** Stands in place of a conversation without turns. */
  empty?: ReactNode;
  className?: string;
}

const NONE: ChatActions = {};
/** This close to the end, what is new is followed. */
const END_PX = 24;
/** Further from it, there is a way back. */
const NEAR_END_PX = 96;
/** Shorter conversations are there as a whole, for the browser's own search. */
const WHOLE_UP_TO = 40;
const OVERSCAN = 6;
const ANNOUNCED_CHARS = 2_000;
/** What scrolls can be scrolled by keyboard. */
const REACHABLE = { tabIndex: 0 };

/** A guess of a row's height until it is measured; a good one keeps the scrollbar calm. */
function guessHeight({ turn }: ShownTurn): number {
  const lines = Math.ceil(turn.text.length / 70) + (turn.text.match(/\n/g)?.length ?? 0);
  return 68 + 24 * Math.max(1, lines);
}

/** What is said once when an answer ends; never while it comes. */
function useAnnouncement(turns: readonly ShownTurn[], busy: boolean, name: string): string {
  const t = useT("chat");
  const failure = useFailureText();
  const [text, setText] = useState("");
  const wasBusy = useRef(busy);
  useEffect(() => {
    const ended = wasBusy.current && !busy;
    wasBusy.current = busy;
    const turn = turns.at(-1)?.turn;
    if (busy) setText("");
    if (!ended || turn?.role !== "assistant") return;
    if (turn.status === "done") setText(t("announce_answer", { name, text: turn.text.slice(0, ANNOUNCED_CHARS) }));
    else if (turn.status === "stopped") setText(t("announce_stopped"));
    else setText(t("announce_failed", { message: failure(turn) }));
  }, [busy, turns, name, t, failure]);
  return text;
}

/** The same object as long as its functions are the same. */
function useStable({ regenerate, edit, retry, resume, choose }: ChatActions): ChatActions {
  return useMemo(() => ({ regenerate, edit, retry, resume, choose }), [regenerate, edit, retry, resume, choose]);
}

function useRows(turns: readonly ShownTurn[], before: boolean) {
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const offset = before ? 1 : 0;
  const count = turns.length + offset;
  const getItemKey = useCallback((index: number) => turns[index - offset]?.turn.id ?? "before", [turns, offset]);
  const estimateSize = useCallback((index: number) => {
    const shown = turns[index - offset];
    return shown ? guessHeight(shown) : 120;
  }, [turns, offset]);
  const rows = useVirtualizer({
    count,
    getItemKey,
    estimateSize,
    getScrollElement: () => scroller.current,
    overscan: count <= WHOLE_UP_TO ? WHOLE_UP_TO : OVERSCAN,
    paddingStart: 20,
    paddingEnd: 12,
    gap: 4,
    anchorTo: "end",
    followOnAppend: true,
    scrollEndThreshold: END_PX,
  });

  // It opens at its end, and goes there when somebody says something.
  const lastSaid = turns.findLast(({ turn }) => turn.role === "user")?.turn.id;
  useLayoutEffect(() => rows.scrollToEnd(), [rows, lastSaid]);

  const look = useCallback(() => {
    const box = scroller.current;
    if (box) setAtEnd(box.scrollHeight - box.clientHeight - box.scrollTop <= NEAR_END_PX);
  }, []);
  // The end moves away by scrolling, and by what comes while one reads further up.
  const height = rows.getTotalSize();
  useEffect(look, [look, height]);
  return { rows, scroller, atEnd, onScroll: look, offset };
}

/** When the row with the focus makes way for another version, the keyboard stays in the conversation. */
function useKeptFocus(scroller: RefObject<HTMLDivElement | null>, turns: readonly ShownTurn[]) {
  const within = useRef(false);
  useEffect(() => {
    const box = scroller.current;
    if (!box || !within.current || document.activeElement !== document.body) return;
    box.focus({ preventScroll: true });
    // Nobody went there: the ring waits for the first key.
    box.dataset["quiet"] = "";
  }, [scroller, turns]);
  return {
    onFocus: () => {
      within.current = true;
    },
    onKeyDown: ({ currentTarget }: KeyboardEvent<HTMLElement>) => {
      delete currentTarget.dataset["quiet"];
    },
    onBlur: ({ relatedTarget, currentTarget }: FocusEvent<HTMLElement>) => {
      delete currentTarget.dataset["quiet"];
      if (relatedTarget && !currentTarget.contains(relatedTarget)) within.current = false;
    },
  };
}

/**
 * The turns of a conversation. It follows what comes as long as one stands at its end, offers the way back
 * there otherwise, and holds only the rows near the screen once it is long.
 */
export function Conversation({ turns, busy = false, actions = NONE, name, before, empty, className }: ConversationProps) {
  const t = useT("chat");
  const who = name || t("assistant");
  const stable = useStable(actions);
  const { rows, scroller, atEnd, onScroll, offset } = useRows(turns, Boolean(before));
  const announcement = useAnnouncement(turns, busy, who);
  useEffect(() => {
    if (busy) preloadMarkdown();
  }, [busy]);
  const focus = useKeptFocus(scroller, turns);

  const items = rows.getVirtualItems();
  const blank = turns.length === 0 && !before;
  return (
    <div className={cn("relative min-h-0 flex-1", className)}>
      <div
        ref={scroller}
        role="log"
        aria-label={t("conversation")}
        aria-live="off"
        aria-busy={busy}
        {...REACHABLE}
        onScroll={onScroll}
        {...focus}
        className="@container size-full overflow-y-auto overscroll-contain [overflow-anchor:none] focus-visible:-outline-offset-2 data-quiet:outline-none"
      >
        {blank ? empty : (
          <div className="relative mx-auto w-full max-w-3xl" style={{ height: rows.getTotalSize() }}>
            <div className="absolute inset-x-0 top-0 grid grid-cols-[minmax(0,1fr)] gap-1" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
              {items.map(({ key, index }) => {
                const shown = turns[index - offset];
                return (
                  <article
                    key={key}
                    ref={rows.measureElement}
                    data-index={index}
                    aria-posinset={index + 1}
                    aria-setsize={turns.length + offset}
                    aria-label={shown?.turn.role === "user" ? t("message_from_you") : t("message_from", { name: who })}
                    className="min-w-0 px-4"
                  >
                    {shown ? <Message shown={shown} actions={stable} last={index - offset === turns.length - 1} /> : before}
                  </article>
                );
              })}
            </div>
          </div>
        )}
      </div>
      {!atEnd && turns.length > 0 ? (
        <Button
          variant="secondary"
          size="icon"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 animate-fade rounded-full shadow-pop"
          aria-label={t("jump_to_latest")}
          title={t("jump_to_latest")}
          onClick={() => rows.scrollToEnd({ behavior: "smooth" })}
        >
          <ArrowDown />
        </Button>
      ) : null}
      <p aria-live="polite" className="sr-only">{announcement}</p>
    </div>
  );
}
