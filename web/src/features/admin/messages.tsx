"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import activity from "@/messages/en/activity.json";
import admin from "@/messages/en/admin.json";

const ENGLISH = { activity, admin };

export function AdminMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
