"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import recover from "@/messages/en/recover.json";

const ENGLISH = { recover };

/** Of the pages that links from mails lead to, and what leads to such a mail. */
export function RecoverMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
