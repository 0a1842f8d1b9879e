"use client";

import type { ReactNode } from "react";

import { MessagesProvider } from "@/lib/i18n";
import { loadVisitor } from "@/messages/load-visitor";

import * as english from "@/messages/en/visitor-pages";

/** The frame of the pages for whoever has a link. They know no session and load nothing that does. */
export function VisitorFrame({ children }: { children: ReactNode }) {
  return <MessagesProvider english={english} load={loadVisitor}>{children}</MessagesProvider>;
}
