/** What a chart over time shows: points in order, and lines or bars made of their values. */
export interface ChartPoint {
  /** Where the point begins, as the API writes times. */
  at: string;
  values: Readonly<Record<string, number | null>>;
}

export type ChartTone = "accent" | "danger" | "teal" | "amber";

export interface ChartSeries {
  key: string;
  label: string;
  tone: ChartTone;
}

export interface ChartSpec {
  kind: "bars" | "lines";
  points: readonly ChartPoint[];
  series: readonly ChartSeries[];
  /** Short, under the axis. */
  formatTick: (at: string) => string;
  /** Long, in the tooltip and the table. */
  formatTime: (at: string) => string;
  formatValue: (value: number) => string;
  /** Time runs from the reading side. */
  rtl: boolean;
  /** Whether values only come in whole numbers. */
  whole: boolean;
}

export const TONE_FILL: Readonly<Record<ChartTone, string>> = {
  accent: "var(--chart-1)",
  danger: "var(--chart-4)",
  teal: "var(--chart-2)",
  amber: "var(--chart-3)",
};

export const TONE_CLASS: Readonly<Record<ChartTone, string>> = {
  accent: "bg-chart-1",
  danger: "bg-chart-4",
  teal: "bg-chart-2",
  amber: "bg-chart-3",
};

export function hasValues(points: readonly ChartPoint[], series: readonly ChartSeries[]): boolean {
  return points.some(({ values }) => series.some(({ key }) => (values[key] ?? 0) > 0));
}

/** A point whose neighbours have no value: no line leads to it, so it needs a dot of its own. */
export function isAlone(points: readonly ChartPoint[], index: number, key: string): boolean {
  const has = (i: number) => (points[i]?.values[key] ?? null) !== null;
  return has(index) && !has(index - 1) && !has(index + 1);
}

/** Points that have something to say, newest first: what the table lists. */
export function rowsOf(points: readonly ChartPoint[], series: readonly ChartSeries[]): ChartPoint[] {
  return points.filter(({ values }) => series.some(({ key }) => (values[key] ?? 0) > 0)).toReversed();
}
