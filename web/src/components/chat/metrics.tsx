"use client";

import type { ReactNode } from "react";

import { cn } from "@/lib/cn";
import type { TurnMetrics } from "@/lib/chat";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";

/** Short for the eye; with its name and the exact value for the ear and the pointer. */
function Figure({ name, exact, children }: { name: string; exact?: string; children: ReactNode }) {
  const whole = exact === undefined ? name : `${name}: ${exact}`;
  return (
    <span className="whitespace-nowrap" title={whole}>
      <span aria-hidden="true">{children}</span>
      <span className="sr-only">{whole}</span>
    </span>
  );
}

export interface MetricsProps {
  metrics: TurnMetrics;
  /** `provider/model`, where it is not said elsewhere. */
  model?: string | undefined;
  /** A stored answer was used. */
  cached?: boolean | undefined;
  className?: string;
}

/** What an answer took, in one quiet line: model, tokens read and written, latency, time to the first token. */
export function Metrics({ metrics: { usage, latencyMs, ttftMs }, model, cached = false, className }: MetricsProps) {
  const t = useT("chat.metrics");
  const { compact, duration, number } = useFormat();
  return (
    <div role="group" aria-label={t("label")} className={cn("flex min-w-0 flex-wrap items-center gap-x-3 gap-y-0.5 text-xs text-muted-foreground tabular-nums", className)}>
      {model ? <span dir="ltr" className="max-w-52 truncate" title={model}>{model}</span> : null}
      {usage ? (
        <>
          <Figure name={t("input")} exact={number(usage.input_tokens)}>{t("input_short", { count: compact(usage.input_tokens) })}</Figure>
          <Figure name={t("output")} exact={number(usage.output_tokens)}>{t("output_short", { count: compact(usage.output_tokens) })}</Figure>
        </>
      ) : null}
      {latencyMs === undefined ? null : <Figure name={t("latency")} exact={duration(latencyMs)}>{duration(latencyMs)}</Figure>}
      {ttftMs === undefined ? null : <Figure name={t("ttft")} exact={duration(ttftMs)}>{t("ttft_short", { time: duration(ttftMs) })}</Figure>}
      {cached ? <Figure name={t("cached_hint")}>{t("cached")}</Figure> : null}
    </div>
  );
}
