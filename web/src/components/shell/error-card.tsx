"use client";

import { CircleAlert, Hourglass, RotateCw } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { toApiError, type ApiError } from "@/lib/api/problem";
import { useSeconds } from "@/lib/clock";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { useReason } from "./use-reason";

interface CardProps {
  error: ApiError;
  onRetry?: (() => void) | undefined;
  title?: string | undefined;
  className?: string | undefined;
  children?: ReactNode;
}

/** Too much was asked for: counts down to when asking again makes sense. */
function WaitCard({ error, retryAt, onRetry, title, className, children }: CardProps & { retryAt: number }) {
  const t = useT("core");
  const reason = useReason();
  const now = useSeconds();
  return (
    <div role="alert" className={cn("flex flex-wrap items-start gap-4 rounded-xl border border-warning/30 bg-warning-soft/60 p-5", className)}>
      <Hourglass aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-warning" />
      <div className="grid min-w-0 grow gap-1">
        <p className="font-medium">{title ?? t("error.rate_limited")}</p>
        {/* The seconds are for the eyes: a screen reader hears the card once. */}
        <p aria-live="off" className="text-sm break-words tabular-nums">{reason(error, now)}</p>
        {children}
      </div>
      {onRetry ? <Button variant="secondary" size="sm" disabled={now < retryAt} onClick={onRetry}><RotateCw />{t("retry")}</Button> : null}
    </div>
  );
}

/** Stands where data should be: what happened, the request's id for who looks into it, and a retry. */
export function ErrorCard({ error, ...props }: Omit<CardProps, "error"> & { error: unknown }) {
  const t = useT("core");
  const reason = useReason();
  const problem = toApiError(error);
  if (problem.status === 429 && problem.retryAt !== null) return <WaitCard error={problem} retryAt={problem.retryAt} {...props} />;
  const { onRetry, title, className, children } = props;
  return (
    <div role="alert" className={cn("flex flex-wrap items-start gap-4 rounded-xl border border-destructive/30 bg-destructive-soft/60 p-5", className)}>
      <CircleAlert aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-destructive" />
      <div className="grid min-w-0 grow gap-1">
        <p className="font-medium">{title ?? t("error.title")}</p>
        <p className="text-sm break-words">{reason(problem)}</p>
        {problem.requestId ? <p className="font-mono text-xs text-muted-foreground">{t("request_id", { id: problem.requestId })}</p> : null}
        {children}
      </div>
      {onRetry ? <Button variant="secondary" size="sm" onClick={onRetry}><RotateCw />{t("retry")}</Button> : null}
    </div>
  );
}
