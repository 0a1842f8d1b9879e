"use client";

import { Inbox } from "lucide-react";

import { EmptyState } from "@/components/ui/empty-state";
import { useT } from "@/lib/i18n";

/** A list without entries, for who cannot make the first one. */
export function NothingYet() {
  const t = useT("core.nothing_yet");
  return <EmptyState icon={Inbox} title={t("title")}>{t("body")}</EmptyState>;
}
