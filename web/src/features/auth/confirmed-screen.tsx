"use client";

import { CircleCheck } from "lucide-react";
import { useEffect } from "react";

import { useT } from "@/lib/i18n";

import { Notice } from "./notice";

/** Where a window ends in which somebody proved who they are: it closes itself, if the browser lets it. */
export function ConfirmedScreen() {
  const t = useT("recover.confirmed");
  useEffect(() => {
    // A provider may have cut the tie to the window that opened this one; then it stays, and says what to do.
    if (window.opener) window.close();
  }, []);
  return <Notice first icon={CircleCheck} tone="success" title={t("title")}>{t("body")}</Notice>;
}
