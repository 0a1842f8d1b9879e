"use client";

import { Download, FileSpreadsheet, FileText, ShieldCheck } from "lucide-react";

import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuLabel, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { useT } from "@/lib/i18n";

import { exportUrl, type ActivityFilters } from "./filters";
import type { LogPath, useVerification } from "./use-log";

/** What one does with a log as a whole: take it along, and see whether it is whole. */
export function LogActions({ path, filters, verification }: { path: LogPath; filters: ActivityFilters; verification: ReturnType<typeof useVerification> }) {
  const t = useT("activity");
  return (
    <>
      <DropdownMenu>
        <DropdownMenuTrigger asChild>
          <Button variant="secondary"><Download />{t("export.label")}</Button>
        </DropdownMenuTrigger>
        <DropdownMenuContent>
          <DropdownMenuLabel>{t("export.note")}</DropdownMenuLabel>
          {/* The browser's own download: a log of any length arrives piece by piece. */}
          <DropdownMenuItem asChild><a href={exportUrl(path, "csv", filters)} download><FileSpreadsheet />{t("export.csv")}</a></DropdownMenuItem>
          <DropdownMenuItem asChild><a href={exportUrl(path, "ndjson", filters)} download><FileText />{t("export.ndjson")}</a></DropdownMenuItem>
        </DropdownMenuContent>
      </DropdownMenu>
      <Button variant="secondary" busy={verification.isPending} onClick={() => verification.mutate({})}>{verification.isPending ? null : <ShieldCheck />}{t("verify.action")}</Button>
    </>
  );
}
