"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import chat from "@/messages/en/chat.json";
import errors from "@/messages/en/errors.json";
import runs from "@/messages/en/runs.json";

const ENGLISH = { chat, errors, runs };

export function RunMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
