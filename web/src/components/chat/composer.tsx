"use client";

import { ArrowUp, Square } from "lucide-react";
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { isComposing } from "./keys";
import { preloadMarkdown } from "./markdown";

export interface ComposerProps {
  /** Says the text; false: it could not be said and stays in the box. */
  onSend: (text: string) => boolean;
  /** Stops the answer under way. */
  onStop: () => void;
  /** An answer is under way: the button stops it. */
  busy: boolean;
  /** Nothing can be sent; `placeholder` says why. */
  disabled?: boolean;
  placeholder?: string | undefined;
  /** Its accessible name; "Message" without. */
  label?: string | undefined;
  /** Most characters that can be sent. */
  maxLength?: number | undefined;
  /** Stands at the start of the line below the text, such as the choice of a model. */
  children?: ReactNode;
  className?: string;
}

/** Grows with its text up to its `max-height`. */
function useAutoHeight(text: string) {
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);
  return area;
}

/** Where one writes: Enter sends, Shift+Enter starts a line, Escape stops the answer under way. */
export function Composer({ onSend, onStop, busy, disabled = false, placeholder, label, maxLength, children, className }: ComposerProps) {
  const t = useT("chat.composer");
  const [text, setText] = useState("");
  const area = useAutoHeight(text);
  const over = maxLength === undefined ? 0 : Math.max(0, text.length - maxLength);
  const sendable = !disabled && over === 0 && text.trim() !== "";

  const send = () => {
    if (busy || !sendable || !onSend(text)) return;
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && busy) {
      event.stopPropagation();
      onStop();
    }
  };

  return (
    <div
      className={cn(
        "rounded-2xl border border-input/60 bg-card shadow-card transition-colors focus-within:border-ring focus-within:outline-2 focus-within:outline-ring/30 hover:border-input",
        // Without tools the button stands beside the text, and one line is all it takes.
        !children && "flex items-end",
        className,
      )}
    >
      <textarea
        ref={area}
        dir={text === "" ? undefined : "auto"}
        rows={1}
        value={text}
        disabled={disabled}
        enterKeyHint="send"
        aria-label={label ?? t("label")}
        placeholder={placeholder ?? t("placeholder")}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={preloadMarkdown}
        className="block max-h-[40vh] min-h-13 w-full min-w-0 grow resize-none bg-transparent px-4 py-3.5 leading-normal outline-none placeholder:text-muted-foreground disabled:cursor-not-allowed"
      />
      <div className={cn("flex items-center justify-between gap-2 p-2", children && "pt-0 ps-3")}>
        {children ? <div className="flex min-w-0 items-center gap-2">{children}</div> : null}
        <div className="flex items-center gap-3">
          {over > 0 ? <span role="status" className="text-xs whitespace-nowrap text-destructive">{t("too_long", { over })}</span> : null}
          {/* One button, so that the focus stays on it when it turns. */}
          <Button
            size="icon"
            className="rounded-full"
            variant={busy ? "secondary" : "primary"}
            disabled={!busy && !sendable}
            onClick={busy ? onStop : send}
            aria-label={busy ? t("stop") : t("send")}
            title={busy ? t("stop") : t("hint")}
          >
            {busy ? <Square className="size-3.5! fill-current" /> : <ArrowUp />}
          </Button>
        </div>
      </div>
    </div>
  );
}
