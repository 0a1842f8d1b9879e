"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import errors from "@/messages/en/errors.json";
import runs from "@/messages/en/runs.json";

const ENGLISH = { errors, runs };

export function ErrorsMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
