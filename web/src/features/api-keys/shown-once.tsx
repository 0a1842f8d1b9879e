"use client";

import { ShieldAlert } from "lucide-react";

import { CopyButton } from "@/components/ui/copy-button";
import { useT } from "@/lib/i18n";

/** A secret that is shown this once. */
export function ShownOnce({ secret }: { secret: string }) {
  const t = useT("keys");
  const tCore = useT("core");
  return (
    <div className="grid gap-3">
      <p className="flex items-start gap-2.5 rounded-lg bg-warning-soft px-3.5 py-2.5 text-sm text-warning">
        <ShieldAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />{t("created_body")}
      </p>
      <div className="flex items-center gap-2 rounded-lg border bg-muted py-1.5 ps-3 pe-1.5">
        <code dir="ltr" className="min-w-0 grow font-mono text-[0.8125rem] break-all" data-testid="new-key">{secret}</code>
        <CopyButton text={secret} label={t("copy_key")} copiedLabel={tCore("copied")} />
      </div>
    </div>
  );
}
