"use client";

import { Switch as Primitive } from "radix-ui";
import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

export function Switch({ className, ...props }: ComponentProps<typeof Primitive.Root>) {
  return (
    <Primitive.Root
      className={cn("inline-flex h-5.5 w-10 shrink-0 items-center rounded-full border border-transparent bg-input p-0.5 transition-colors data-[state=checked]:bg-primary disabled:opacity-55", className)}
      {...props}
    >
      <Primitive.Thumb className="block size-4.5 rounded-full bg-white shadow-card transition-transform data-[state=checked]:translate-x-4 rtl:data-[state=checked]:-translate-x-4" />
    </Primitive.Root>
  );
}
