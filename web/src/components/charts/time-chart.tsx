"use client";

/** The part that draws; it brings the chart library and is loaded when the first chart is shown. */
import { Bar, CartesianGrid, ComposedChart, Line, Tooltip, XAxis, YAxis } from "recharts";

import { cn } from "@/lib/cn";

import { isAlone, TONE_CLASS, TONE_FILL, type ChartPoint, type ChartSeries, type ChartSpec } from "./chart-data";

const TICK = { fill: "var(--muted-foreground)", fontSize: 12 } as const;
const DOT_RADIUS = 2.5;

interface TooltipProps {
  active?: boolean;
  label?: string | number;
  payload?: readonly { dataKey?: unknown; value?: unknown }[];
  spec: ChartSpec;
}

/** What stands at the pointer; the arrow keys move it, and a screen reader hears it. */
function ChartTooltip({ active, label, payload, spec }: TooltipProps) {
  if (!active || !payload?.length || typeof label !== "string") return null;
  const point = spec.points.find(({ at }) => at === label);
  return (
    <div role="status" dir={spec.rtl ? "rtl" : "ltr"} className="min-w-36 rounded-lg border bg-popover px-3 py-2 text-xs shadow-pop">
      <p className="mb-1.5 font-medium">{spec.formatTime(label)}</p>
      <dl className="grid gap-1">
        {spec.series.map(({ key, label: name, tone }) => {
          const value = point?.values[key] ?? null;
          return (
            <div key={key} className="flex items-center justify-between gap-5">
              <dt className="flex items-center gap-1.5 text-muted-foreground"><span aria-hidden="true" className={cn("size-2 rounded-full", TONE_CLASS[tone])} />{name}</dt>
              <dd className="font-medium tabular-nums">{value === null ? "–" : spec.formatValue(value)}</dd>
            </div>
          );
        })}
      </dl>
    </div>
  );
}

interface DotProps {
  cx?: number;
  cy?: number;
  index?: number;
}

function lonelyDot(points: readonly ChartPoint[], { key, tone }: ChartSeries) {
  return function LonelyDot({ cx, cy, index }: DotProps) {
    if (cx === undefined || cy === undefined || index === undefined || !isAlone(points, index, key)) return <g key={`dot-${index}`} />;
    return <circle key={`dot-${index}`} cx={cx} cy={cy} r={DOT_RADIUS} fill={TONE_FILL[tone]} />;
  };
}

function drawn(spec: ChartSpec, series: ChartSeries, last: boolean) {
  const props = { dataKey: (point: ChartPoint) => point.values[series.key] ?? null, name: series.label, isAnimationActive: false } as const;
  const colour = TONE_FILL[series.tone];
  if (spec.kind === "bars") return <Bar key={series.key} {...props} stackId="all" fill={colour} maxBarSize={26} radius={last ? [3, 3, 0, 0] : 0} />;
  return <Line key={series.key} {...props} type="monotone" stroke={colour} strokeWidth={2} dot={lonelyDot(spec.points, series)} activeDot={{ r: 3.5, strokeWidth: 0 }} />;
}

/** Keeps "5 Nov" together in its own direction: the chart itself runs from left to right. */
function isolated<T>({ rtl }: ChartSpec, format: (value: T) => string): (value: T) => string {
  return rtl ? (value) => `\u2067${format(value)}\u2069` : format;
}

/** A chart over time. `label` says in words what it shows. */
export function TimeChart({ spec, label }: { spec: ChartSpec; label: string }) {
  return (
    // Where labels are anchored follows the direction: the axes are turned round by hand instead.
    <ComposedChart responsive data={[...spec.points]} aria-label={label} margin={{ top: 8, right: 4, bottom: 0, left: 4 }} barCategoryGap="18%" className="size-full [direction:ltr] [&_svg]:rounded-md">
      <CartesianGrid vertical={false} stroke="var(--border)" />
      <XAxis dataKey="at" tickFormatter={isolated(spec, spec.formatTick)} reversed={spec.rtl} tickLine={false} axisLine={false} minTickGap={24} tickMargin={8} height={28} tick={TICK} interval="preserveStartEnd" />
      <YAxis width="auto" orientation={spec.rtl ? "right" : "left"} allowDecimals={!spec.whole} tickFormatter={isolated(spec, spec.formatValue)} tickLine={false} axisLine={false} tickCount={4} tickMargin={6} tick={TICK} />
      <Tooltip
        content={(props) => <ChartTooltip active={props.active} label={props.label} payload={props.payload} spec={spec} />}
        cursor={spec.kind === "bars" ? { fill: "var(--muted)", fillOpacity: 0.7 } : { stroke: "var(--border)" }}
        isAnimationActive={false}
      />
      {spec.series.map((series, i) => drawn(spec, series, i === spec.series.length - 1))}
    </ComposedChart>
  );
}
