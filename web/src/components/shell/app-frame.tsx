"use client";

import { Suspense, useState, type ReactNode } from "react";

import { MessagesProvider, useT } from "@/lib/i18n";
import { loadAll } from "@/messages/load-all";

import core from "@/messages/en/core.json";

import { ErrorReporter } from "./error-reporter";
import { Navbar } from "./navbar";
import { OfflineBanner } from "./offline-banner";
import { Overlays } from "./overlays";
import { PageSkeleton } from "./page-skeleton";
import { Providers } from "./providers";
import { SessionGate } from "./session-gate";
import { MobileNavigation, Sidebar } from "./sidebar";

function Frame({ children }: { children: ReactNode }) {
  const t = useT("core");
  const [menuOpen, setMenuOpen] = useState(false);
  return (
    <div className="flex min-h-dvh">
      <a href="#content" className="sr-only z-60 rounded-lg bg-primary px-4 py-2 text-primary-foreground focus:not-sr-only focus:fixed focus:inset-s-4 focus:top-4">
        {t("skip_to_content")}
      </a>
      <Sidebar />
      <MobileNavigation open={menuOpen} onOpenChange={setMenuOpen} />
      <div className="flex min-w-0 grow flex-col">
        <Navbar onMenu={() => setMenuOpen(true)} />
        <OfflineBanner />
        <main id="content" tabIndex={-1} className="flex min-w-0 grow flex-col outline-none">
          <SessionGate>
            <Suspense fallback={<PageSkeleton />}>{children}</Suspense>
          </SessionGate>
        </main>
      </div>
      <Overlays />
      <ErrorReporter />
    </div>
  );
}

const ENGLISH = { core };

/** The frame of every signed-in screen; each brings the rest of its messages itself. */
export function AppFrame({ children }: { children: ReactNode }) {
  return (
    <MessagesProvider english={ENGLISH} load={loadAll}>
      <Providers>
        <Frame>{children}</Frame>
      </Providers>
    </MessagesProvider>
  );
}
