"use client";

import type { ReactNode } from "react";

import { ScreenMessages } from "@/lib/i18n";

import overlays from "@/messages/en/overlays.json";

const ENGLISH = { overlays };

/** The English messages of what opens above a screen: they come with its code. */
export function OverlayMessages({ children }: { children: ReactNode }) {
  return <ScreenMessages english={ENGLISH}>{children}</ScreenMessages>;
}
