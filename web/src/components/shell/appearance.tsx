"use client";

import { ThemeProvider } from "next-themes";
import { useEffect, type ReactNode } from "react";

import { useUi } from "@/lib/store";

/** Theme (light, dark, system) and accent of everything below. */
export function Appearance({ children }: { children: ReactNode }) {
  const accent = useUi((state) => state.accent);
  useEffect(() => {
    document.documentElement.dataset.accent = accent;
  }, [accent]);
  return (
    <ThemeProvider attribute="class" defaultTheme="system" enableSystem storageKey="agentgen.theme">
      {children}
    </ThemeProvider>
  );
}
