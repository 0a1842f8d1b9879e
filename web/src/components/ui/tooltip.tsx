"use client";

import { Tooltip as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";

export const TooltipProvider = Primitive.Provider;

/** A short remark on what it wraps, such as an icon button's name. The child must take a ref. */
export function Tooltip({ label, side = "top", children }: { label: ReactNode; side?: ComponentProps<typeof Primitive.Content>["side"]; children: ReactNode }) {
  return (
    <Primitive.Root>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-w-72 animate-fade rounded-md bg-foreground px-2.5 py-1.5 text-xs text-background shadow-pop"
        >
          {label}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
