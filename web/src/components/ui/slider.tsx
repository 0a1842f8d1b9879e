"use client";

import { Slider as Primitive } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

/** One value on a scale. `aria-label` or `aria-labelledby` names its thumb. */
export function Slider({ className, "aria-label": label, "aria-labelledby": labelledBy, ...props }: ComponentProps<typeof Primitive.Root>) {
  return (
    <Primitive.Root className={cn("relative flex h-5 w-full touch-none items-center select-none", className)} {...props}>
      <Primitive.Track className="relative h-1.5 grow rounded-full bg-muted">
        <Primitive.Range className="absolute h-full rounded-full bg-primary" />
      </Primitive.Track>
      <Primitive.Thumb aria-label={label} aria-labelledby={labelledBy} className="block size-4.5 rounded-full border-2 border-primary bg-card shadow-card transition-shadow hover:ring-4 hover:ring-primary/15" />
    </Primitive.Root>
  );
}
