"use client";

import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/format";

/** How long ago, with the exact time when one points at it. */
export function RelativeTime({ value, className }: { value: string; className?: string }) {
  const { ago, exact } = useAgo(value);
  return <time dateTime={value} title={exact} className={cn("whitespace-nowrap", className)}>{ago}</time>;
}
