"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import docs from "@/messages/en/docs.json";

const ENGLISH = { docs };

export function DocsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
