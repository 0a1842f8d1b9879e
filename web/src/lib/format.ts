"use client";

/** Numbers, durations and times as people read them, in their language. What is not known is a dash. */
import { useMemo } from "react";
import { useFormatter, useTranslations, type createFormatter } from "use-intl";

import { useNow } from "./clock";

export type Formatter = ReturnType<typeof createFormatter>;
type Maybe = number | null | undefined;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const COMPACT_FROM = 10_000;
const RELATIVE_UNTIL = 7 * DAY;
const NOW_UNTIL = 10 * SECOND;
const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const NOTHING = "–";

function unit(format: Formatter, value: number, name: string, fractionDigits = 0): string {
  return format.number(value, { style: "unit", unit: name, unitDisplay: "narrow", maximumFractionDigits: fractionDigits });
}

/** Two units, the smaller one only where it is not zero. */
function twoUnits(format: Formatter, total: number, large: string, small: string): string {
  const whole = unit(format, Math.floor(total / 60), large);
  return total % 60 === 0 ? whole : `${whole} ${unit(format, total % 60, small)}`;
}

/** How long something took: `340ms`, `1.24s`, `12.5s`, `2m 5s`, `3h 10m`. */
export function formatDuration(format: Formatter, ms: number): string {
  const rounded = Math.max(0, Math.round(ms));
  if (rounded < SECOND) return unit(format, rounded, "millisecond");
  if (rounded < 10 * SECOND) return unit(format, rounded / SECOND, "second", 2);
  if (rounded < MINUTE) return unit(format, Math.min(59.9, rounded / SECOND), "second", 1);
  const seconds = Math.round(rounded / SECOND);
  if (seconds * SECOND < HOUR) return twoUnits(format, seconds, "minute", "second");
  return twoUnits(format, Math.round(rounded / MINUTE), "hour", "minute");
}

/** A count that may be large: `842`, `9,310`, `12.4K`, `3.1M`. The exact one belongs in a title. */
export function formatCount(format: Formatter, count: number): string {
  if (Math.abs(count) < COMPACT_FROM) return format.number(count);
  return format.number(count, { notation: "compact", maximumFractionDigits: 1 });
}

/** A share of 1 as a percentage; nearly all is not all: 99.97 % does not read as 100 %. */
export function formatShare(format: Formatter, share: number): string {
  const shown = share < 1 && share > 0.999 ? 0.999 : share;
  return format.number(shown, { style: "percent", maximumFractionDigits: 1 });
}

/** A size: `120 byte`, `4.2 kB`, `1.3 MB`, as the language writes it. */
export function formatBytes(format: Formatter, bytes: number): string {
  let value = Math.max(0, bytes);
  let step = 0;
  while (Math.round(value) >= 1_000 && step < BYTE_UNITS.length - 1) {
    value /= 1_000;
    step += 1;
  }
  const digits = step === 0 || value >= 100 ? 0 : 1;
  return format.number(value, { style: "unit", unit: BYTE_UNITS[step] ?? "byte", unitDisplay: "short", maximumFractionDigits: digits });
}

/** A moment to the second, with its weekday and time zone: what a title says. */
export function formatExactTime(format: Formatter, time: Date): string {
  return format.dateTime(time, { dateStyle: "full", timeStyle: "long" });
}

/** A day: `22 Nov 2026`. */
export function formatDate(format: Formatter, time: Date): string {
  return format.dateTime(time, { dateStyle: "medium" });
}

/** How long ago: null for just now, `5 min. ago`, `yesterday`; the date when a week has passed. */
export function formatAgo(format: Formatter, time: Date, now: number): string | null {
  const age = now - time.getTime();
  if (age < NOW_UNTIL) return null;
  if (age < RELATIVE_UNTIL) return format.relativeTime(time, { now: new Date(now), style: "short" });
  const sameYear = time.getFullYear() === new Date(now).getFullYear();
  return format.dateTime(time, { day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) });
}

export interface Format {
  /** 850ms, 1.24s, 2m 5s. */
  duration: (ms: Maybe) => string;
  /** 1,234 in the reader's digits. */
  number: (value: Maybe) => string;
  /** 12.3K: for tiles and axes; the exact number belongs in a title. */
  compact: (value: Maybe) => string;
  /** 0.123 as 12.3 %. */
  percent: (share: Maybe) => string;
  /** 1.3 MB. */
  bytes: (value: Maybe) => string;
  /** 22 Nov 2026, 14:03:07. */
  exact: (time: string | Date) => string;
  /** 22 Nov 2026. */
  date: (time: string | Date) => string;
}

function known(value: Maybe, say: (value: number) => string): string {
  return value === null || value === undefined ? NOTHING : say(value);
}

export function useFormat(): Format {
  const format = useFormatter();
  return useMemo(
    () => ({
      duration: (ms) => known(ms, (value) => formatDuration(format, value)),
      number: (count) => known(count, (value) => format.number(value)),
      compact: (count) => known(count, (value) => formatCount(format, value)),
      percent: (share) => known(share, (value) => formatShare(format, value)),
      bytes: (size) => known(size, (value) => formatBytes(format, value)),
      exact: (time) => format.dateTime(new Date(time), { dateStyle: "medium", timeStyle: "medium" }),
      date: (time) => formatDate(format, new Date(time)),
    }),
    [format],
  );
}

/** How long ago `time` was, in words that grow older by themselves; see `<RelativeTime>`. */
export function useAgo(time: string): { ago: string; exact: string } {
  const format = useFormatter();
  const t = useTranslations("core.relative");
  const now = useNow();
  const at = new Date(time);
  return { ago: formatAgo(format, at, now) ?? t("now"), exact: formatExactTime(format, at) };
}
