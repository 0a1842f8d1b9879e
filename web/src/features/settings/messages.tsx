"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import auth from "@/messages/en/auth.json";
import keys from "@/messages/en/keys.json";
import settings from "@/messages/en/settings.json";

const ENGLISH = { auth, keys, settings };

export function SettingsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
