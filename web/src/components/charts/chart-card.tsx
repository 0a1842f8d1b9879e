"use client";

import { ChartNoAxesCombined, Table2 } from "lucide-react";
import dynamic from "next/dynamic";
import { useState, type ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { ScrollRegion } from "@/components/ui/scroll-region";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";

import { hasValues, rowsOf, TONE_CLASS, type ChartSpec } from "./chart-data";

const TimeChart = dynamic(() => import("./time-chart").then((module) => module.TimeChart), { ssr: false, loading: () => <Skeleton className="size-full" /> });

export interface ChartWords {
  asTable: string;
  asChart: string;
  time: string;
  nothing: string;
}

function Legend({ spec }: { spec: ChartSpec }) {
  return (
    <ul className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-muted-foreground">
      {spec.series.map(({ key, label, tone }) => (
        <li key={key} className="flex items-center gap-1.5"><span aria-hidden="true" className={cn("size-2 rounded-full", TONE_CLASS[tone])} />{label}</li>
      ))}
    </ul>
  );
}

function ChartTable({ spec, title, words }: { spec: ChartSpec; title: string; words: ChartWords }) {
  const cell = "border-b px-2 py-1.5 in-[tr:last-child]:border-b-0";
  return (
    <ScrollRegion label={title} className="h-full rounded-md">
      <table className="w-full text-[0.8125rem] tabular-nums">
        <thead className="sticky top-0 bg-card text-xs text-muted-foreground">
          <tr>
            <th scope="col" className={cn(cell, "text-start font-medium")}>{words.time}</th>
            {spec.series.map(({ key, label }) => <th key={key} scope="col" className={cn(cell, "text-end font-medium")}>{label}</th>)}
          </tr>
        </thead>
        <tbody>
          {rowsOf(spec.points, spec.series).map(({ at, values }) => (
            <tr key={at}>
              <th scope="row" className={cn(cell, "text-start font-normal whitespace-nowrap")}>{spec.formatTime(at)}</th>
              {spec.series.map(({ key }) => {
                const value = values[key] ?? null;
                return <td key={key} className={cn(cell, "text-end")}>{value === null ? "–" : spec.formatValue(value)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}

/** A chart in its frame, with its legend, and the same as a table for who wants the numbers. */
export function ChartCard({ title, summary, spec, words, aside, className }: {
  title: string;
  /** What the chart shows, in a sentence. */
  summary: string;
  spec: ChartSpec;
  words: ChartWords;
  aside?: ReactNode;
  className?: string;
}) {
  const [asTable, setAsTable] = useState(false);
  const shown = hasValues(spec.points, spec.series);
  return (
    <Card className={cn("flex flex-col gap-3 p-5", className)}>
      <div className="flex items-start justify-between gap-3">
        <div className="grid gap-1.5">
          <h2 className="text-[0.9375rem] font-semibold">{title}</h2>
          <Legend spec={spec} />
        </div>
        <div className="-me-1.5 -mt-1 flex items-center gap-1">
          {aside}
          {shown ? (
            <Button variant="ghost" size="icon-sm" aria-pressed={asTable} aria-label={`${title}: ${asTable ? words.asChart : words.asTable}`} title={asTable ? words.asChart : words.asTable} onClick={() => setAsTable(!asTable)}>
              {asTable ? <ChartNoAxesCombined /> : <Table2 />}
            </Button>
          ) : null}
        </div>
      </div>
      <div className="h-56 min-w-0 text-xs">
        {!shown ? <p className="grid h-full place-items-center rounded-lg border border-dashed text-sm text-muted-foreground">{words.nothing}</p> : null}
        {shown && asTable ? <ChartTable spec={spec} title={title} words={words} /> : null}
        {shown && !asTable ? <TimeChart spec={spec} label={summary} /> : null}
      </div>
    </Card>
  );
}
