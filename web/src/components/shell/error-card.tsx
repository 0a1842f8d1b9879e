"use client";

import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { toApiError } from "@/lib/api/problem";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

/** Stands where data should be: what happened, the request's id for who looks into it, and a retry. */
export function ErrorCard({ error, onRetry, title, className, children }: {
  error: unknown;
  onRetry?: () => void;
  title?: string;
  className?: string;
  children?: ReactNode;
}) {
  const t = useT("core");
  const problem = toApiError(error);
  return (
    <div role="alert" className={cn("flex flex-wrap items-start gap-4 rounded-xl border border-destructive/30 bg-destructive-soft/60 p-5", className)}>
      <CircleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-destructive" />
      <div className="grid min-w-0 grow gap-1">
        <p className="font-medium">{title ?? t("error.title")}</p>
        <p className="text-sm break-words">{problem.offline ? t("error.offline") : problem.message}</p>
        {problem.requestId ? <p className="font-mono text-xs text-muted-foreground">{t("request_id", { id: problem.requestId })}</p> : null}
        {children}
      </div>
      {onRetry ? <Button variant="secondary" size="sm" onClick={onRetry}><RotateCw />{t("retry")}</Button> : null}
    </div>
  );
}
