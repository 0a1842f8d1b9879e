"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import dashboard from "@/messages/en/dashboard.json";
import errors from "@/messages/en/errors.json";
import runs from "@/messages/en/runs.json";

const ENGLISH = { dashboard, errors, runs };

export function DashboardMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
