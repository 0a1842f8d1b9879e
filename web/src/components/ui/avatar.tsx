import { cn } from "@/lib/cn";

const HUES = ["bg-chart-1", "bg-chart-2", "bg-chart-3", "bg-chart-5"] as const;

function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words[words.length - 1] ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

/** Initials on a colour that follows from the name. Decoration: the name stands beside it. */
export function Avatar({ name, className }: { name: string; className?: string }) {
  const sum = [...name].reduce((total, char) => total + (char.codePointAt(0) ?? 0), 0);
  return (
    <span aria-hidden="true" className={cn("relative inline-grid size-8 shrink-0 place-items-center overflow-hidden rounded-full text-xs font-semibold text-foreground", className)}>
      <span className={cn("absolute inset-0 opacity-25", HUES[sum % HUES.length])} />
      <span className="relative">{initials(name)}</span>
    </span>
  );
}
