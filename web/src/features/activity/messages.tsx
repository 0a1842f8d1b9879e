"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import activity from "@/messages/en/activity.json";

const ENGLISH = { activity };

export function ActivityMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
