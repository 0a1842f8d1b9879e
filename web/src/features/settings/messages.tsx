"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import account from "@/messages/en/account.json";
import auth from "@/messages/en/auth.json";
import keys from "@/messages/en/keys.json";
import permissions from "@/messages/en/permissions.json";
import settings from "@/messages/en/settings.json";

const ENGLISH = { account, auth, keys, permissions, settings };

export function SettingsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
