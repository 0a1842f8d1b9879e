import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

export const controlClass =
  "w-full rounded-lg border border-input/60 bg-card px-3 text-[0.9375rem] text-foreground shadow-card transition-colors placeholder:text-muted-foreground/80 hover:border-input focus-visible:border-ring focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-ring/40 disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-destructive aria-invalid:outline-destructive/30";

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(controlClass, "h-9.5", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(controlClass, "min-h-24 resize-y py-2 leading-relaxed", className)} {...props} />;
}
