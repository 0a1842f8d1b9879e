"use client";

import { Check } from "lucide-react";
import type { ReactNode } from "react";

import { Brand } from "@/components/shell/brand";
import { LanguageSelect, ThemeToggle } from "@/components/shell/plain-preferences";
import { MessagesProvider, useT } from "@/lib/i18n";
import { loadSignedOut } from "@/messages/load-signed-out";

import * as english from "@/messages/en/signed-out";

const POINTS = ["wizard", "compare", "call", "own"] as const;

function Pitch() {
  const t = useT("auth.pitch");
  return (
    <aside className="pitch relative hidden overflow-hidden border-e bg-sidebar p-12 lg:flex lg:flex-col lg:justify-between">
      <Brand />
      <div className="grid max-w-md gap-5">
        <p className="text-3xl leading-tight font-semibold tracking-tight text-balance">{t("title")}</p>
        <p className="text-muted-foreground">{t("body")}</p>
        <ul className="grid gap-3 pt-2 text-sm">
          {POINTS.map((point) => (
            <li key={point} className="flex items-start gap-3">
              <span className="mt-0.5 grid size-5 shrink-0 place-items-center rounded-full bg-primary-soft text-primary-soft-foreground"><Check aria-hidden="true" className="size-3.5" strokeWidth={2.5} /></span>
              {t(point)}
            </li>
          ))}
        </ul>
      </div>
      <span aria-hidden="true" />
    </aside>
  );
}

/** The frame of the pages that need no session. They load their own few messages only. */
export function SignedOutFrame({ children }: { children: ReactNode }) {
  return (
    <MessagesProvider english={english} load={loadSignedOut}>
      <div className="grid min-h-dvh lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
          <Pitch />
          <div className="flex min-h-dvh flex-col">
            <header className="flex items-center justify-between p-4 lg:justify-end">
              <Brand className="lg:hidden" />
              <div className="flex gap-1"><LanguageSelect /><ThemeToggle /></div>
            </header>
            <main className="mx-auto flex w-full max-w-sm grow flex-col px-5 pt-[12vh] pb-24 lg:pt-[14vh]">
              {children}
            </main>
          </div>
      </div>
    </MessagesProvider>
  );
}
