"use client";

import { cn } from "@/lib/cn";
import { useFormat } from "@/lib/format";

const COUNT_FROM = 0.8;

/** How much is used of what fits, once it becomes tight. */
export function Counter({ length, max }: { length: number; max: number }) {
  const { number } = useFormat();
  if (length < max * COUNT_FROM) return null;
  return <span className={cn("tabular-nums", length > max && "text-destructive")}>{number(length)} / {number(max)}</span>;
}
