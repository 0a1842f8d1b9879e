"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import org from "@/messages/en/org.json";
import permissions from "@/messages/en/permissions.json";

const ENGLISH = { org, permissions };

export function OrganizationMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
