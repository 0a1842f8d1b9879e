"use client";

import { ExternalLink, FileJson } from "lucide-react";

import { Button } from "@/components/ui/button";
import { PageHeader } from "@/components/ui/page-header";
import { useT } from "@/lib/i18n";

import { ApiExplorer } from "./api-explorer";

export function DocsScreen() {
  const t = useT("docs");
  return (
    <div className="page">
      <PageHeader
        title={t("title")}
        description={t("description")}
        actions={(
          <>
            <Button asChild variant="secondary"><a href="/openapi.json" target="_blank" rel="noopener"><FileJson aria-hidden="true" />{t("download")}</a></Button>
            <Button asChild variant="ghost"><a href="/swagger" target="_blank" rel="noopener"><ExternalLink aria-hidden="true" className="rtl:-scale-x-100" />{t("alone")}</a></Button>
          </>
        )}
      />
      <ApiExplorer />
    </div>
  );
}
