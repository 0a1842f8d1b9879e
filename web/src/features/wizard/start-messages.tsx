"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import wizard from "@/messages/en/wizard.json";

const ENGLISH = { wizard };

export function StartMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
