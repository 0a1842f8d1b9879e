"use client";

import { useEffect, type ReactNode } from "react";

import { cn } from "@/lib/cn";
import type { Chat, ChatActions } from "@/lib/chat";

import { Composer, type ComposerProps } from "./composer";
import { Conversation, type ConversationProps } from "./conversation";

export interface ChatPanelProps extends Pick<ConversationProps, "name" | "before" | "empty">, Pick<ComposerProps, "disabled" | "placeholder" | "label" | "maxLength"> {
  /** From `useChat()`, with what can be done here of what can be done with a turn. */
  chat: Pick<Chat, "turns" | "busy" | "send" | "stop"> & ChatActions;
  /** At the start of the composer's lower line. */
  tools?: ReactNode;
  /** Under the composer: one small line. */
  footer?: ReactNode;
  className?: string;
}

/** Escape stops the answer wherever the focus is, unless something nearer takes the key, such as a dialog. */
function useEscape(busy: boolean, stop: () => void): void {
  useEffect(() => {
    if (!busy) return undefined;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape" && !event.defaultPrevented && !event.isComposing) stop();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [busy, stop]);
}

/** A conversation over its composer; fills the height it is given. */
export function ChatPanel({ chat, name, before, empty, tools, footer, className, ...composer }: ChatPanelProps) {
  useEscape(chat.busy, chat.stop);
  return (
    <div className={cn("flex min-h-0 flex-col", className)}>
      <Conversation turns={chat.turns} busy={chat.busy} actions={chat} name={name} before={before} empty={empty} />
      <div className="mx-auto w-full max-w-3xl px-4 pt-2 pb-4">
        <Composer onSend={chat.send} onStop={chat.stop} busy={chat.busy} {...composer}>{tools}</Composer>
        {footer ? <div className="px-2 pt-2 text-center text-xs text-muted-foreground">{footer}</div> : null}
      </div>
    </div>
  );
}
