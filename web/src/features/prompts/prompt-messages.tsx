"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import chat from "@/messages/en/chat.json";
import prompts from "@/messages/en/prompts.json";

const ENGLISH = { chat, prompts };

export function PromptMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
