"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import agents from "@/messages/en/agents.json";
import chat from "@/messages/en/chat.json";
import keys from "@/messages/en/keys.json";
import permissions from "@/messages/en/permissions.json";
import runs from "@/messages/en/runs.json";

const ENGLISH = { agents, chat, keys, permissions, runs };

export function AgentMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
