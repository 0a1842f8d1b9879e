"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import chat from "@/messages/en/chat.json";
import wizard from "@/messages/en/wizard.json";

const ENGLISH = { chat, wizard };

export function EditMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
