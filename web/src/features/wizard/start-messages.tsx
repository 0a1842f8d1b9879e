"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import start from "@/messages/en/start.json";

const ENGLISH = { start };

export function StartMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
