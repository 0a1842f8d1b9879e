"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import { Direction } from "radix-ui";
import { useState, type ReactNode } from "react";

import { Toaster } from "@/components/ui/toast";
import { TooltipProvider } from "@/components/ui/tooltip";
import { makeQueryClient } from "@/lib/api/query-client";
import { useLocaleChoice, useT } from "@/lib/i18n";
import { LOCALES } from "@/lib/i18n-config";

/** What every screen needs around it: data, tooltips, toasts. Stands inside the messages. */
export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient);
  const t = useT("core");
  const { locale } = useLocaleChoice();
  return (
    <QueryClientProvider client={queryClient}>
      <Direction.Provider dir={LOCALES[locale].dir}>
        <TooltipProvider delayDuration={350}>
          {children}
          <Toaster label={t("notifications")} close={t("dismiss")} />
        </TooltipProvider>
      </Direction.Provider>
    </QueryClientProvider>
  );
}
