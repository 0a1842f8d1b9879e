"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import agents from "@/messages/en/agents.json";
import chat from "@/messages/en/chat.json";
import runs from "@/messages/en/runs.json";
import settings from "@/messages/en/settings.json";

const ENGLISH = { agents, chat, runs, settings };

export function AgentMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
