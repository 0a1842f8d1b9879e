"use client";

import type { KeyboardEvent, ReactNode } from "react";

import { cn } from "@/lib/cn";
import type { Chat } from "@/lib/chat";

import { Composer, type ComposerProps } from "./composer";
import { Conversation, type ConversationProps } from "./conversation";

export interface ChatPanelProps extends Pick<ConversationProps, "name" | "before" | "empty">, Pick<ComposerProps, "disabled" | "placeholder" | "label" | "maxLength"> {
  /** From `useChat()`. */
  chat: Chat;
  /** At the start of the composer's lower line. */
  tools?: ReactNode;
  /** Under the composer: one small line. */
  footer?: ReactNode;
  className?: string;
}

/** A conversation over its composer; fills the height it is given. Escape stops the answer from anywhere in it. */
export function ChatPanel({ chat, name, before, empty, tools, footer, className, ...composer }: ChatPanelProps) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !chat.busy) return;
    event.stopPropagation();
    chat.stop();
  };
  return (
    // Not a control of its own: it hears the keys of those inside.
    <div role="presentation" className={cn("flex min-h-0 flex-col", className)} onKeyDown={onKeyDown}>
      <Conversation turns={chat.turns} busy={chat.busy} actions={chat} name={name} before={before} empty={empty} />
      <div className="mx-auto w-full max-w-3xl px-4 pb-4">
        <Composer onSend={chat.send} onStop={chat.stop} busy={chat.busy} {...composer}>{tools}</Composer>
        {footer ? <div className="px-2 pt-2 text-center text-xs text-muted-foreground">{footer}</div> : null}
      </div>
    </div>
  );
}
