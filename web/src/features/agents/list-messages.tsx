"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import agents from "@/messages/en/agents.json";

const ENGLISH = { agents };

export function AgentsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
