import { cn } from "@/lib/cn";

/** Holds the place of what is loading; give it the final size. */
export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden="true" className={cn("animate-pulse-soft rounded-md bg-muted", className)} />;
}
