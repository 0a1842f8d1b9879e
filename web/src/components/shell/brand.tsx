import { cn } from "@/lib/cn";

/** The mark; the name stands beside it unless there is no room. */
export function Brand({ compact = false, className }: { compact?: boolean; className?: string }) {
  return (
    <span className={cn("inline-flex items-center gap-2.5 font-semibold tracking-tight", className)}>
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-7 shrink-0 text-primary">
        <rect width="32" height="32" rx="8" fill="currentColor" />
        <path d="M9 22.5 15 9.6a1.1 1.1 0 0 1 2 0l6 12.9" fill="none" className="stroke-primary-foreground" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
        <circle cx="16" cy="19.4" r="2.3" className="fill-primary-foreground" />
      </svg>
      <span className={cn("text-[1.0625rem]", compact && "sr-only")}>agentgen</span>
    </span>
  );
}
