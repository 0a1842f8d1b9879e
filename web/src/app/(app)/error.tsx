"use client";

import { TriangleAlert } from "lucide-react";
import { useEffect } from "react";

import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { useT } from "@/lib/i18n";
import { reportError } from "@/lib/report-error";

export default function ErrorPage({ error }: { error: Error }) {
  const t = useT("core.error");
  useEffect(() => reportError({ kind: "render", message: `${error.name}: ${error.message}`, stack: error.stack }), [error]);
  return (
    <div className="page">
      <EmptyState icon={TriangleAlert} title={t("page_title")} action={<Button onClick={() => window.location.reload()}>{t("reload")}</Button>}>
        {t("page_body")}
      </EmptyState>
    </div>
  );
}
