"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import runs from "@/messages/en/runs.json";

const ENGLISH = { runs };

export function RunsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
