"use client";

import { Check } from "lucide-react";
import { Checkbox as Primitive } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

export function Checkbox({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return (
    <Primitive.Root
      className={cn("grid size-4.5 shrink-0 place-items-center rounded-[5px] border border-input bg-card transition-colors data-[state=checked]:border-primary data-[state=checked]:bg-primary data-[state=checked]:text-primary-foreground disabled:opacity-55", className)}
      {...props}
    >
      <Primitive.Indicator><Check className="size-3.5" strokeWidth={3} /></Primitive.Indicator>
    </Primitive.Root>
  );
}
