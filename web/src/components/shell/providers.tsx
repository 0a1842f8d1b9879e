"use client";

import { QueryClientProvider } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { Toaster } from "@/components/ui/toast";
import { TooltipProvider } from "@/components/ui/tooltip";
import { makeQueryClient } from "@/lib/api/query-client";
import { useT } from "@/lib/i18n";

/** What every screen needs around it: data, tooltips, toasts. Stands inside the messages. */
export function Providers({ children }: { children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient);
  const t = useT("core");
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={350}>
        {children}
        <Toaster label={t("notifications")} close={t("dismiss")} />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
