"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import prompts from "@/messages/en/prompts.json";

const ENGLISH = { prompts };

export function PromptsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
