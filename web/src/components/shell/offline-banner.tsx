"use client";

import { WifiOff } from "lucide-react";

import { useT } from "@/lib/i18n";
import { useOnline } from "@/lib/platform";

export function OfflineBanner() {
  const t = useT("core");
  const online = useOnline();
  return (
    <div role="status">
      {online ? null : (
        <p className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-2 text-sm text-warning">
          <WifiOff aria-hidden="true" className="size-4 shrink-0" />
          {t("offline")}
        </p>
      )}
    </div>
  );
}
