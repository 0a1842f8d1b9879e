"use client";

/**
 * Keeps the page still while a dialog is open. The package of this name does so with a style sheet it
 * writes at run time, which the content security policy refuses; this sets the property instead.
 */
import { Slot } from "radix-ui";
import { useEffect, type ComponentProps, type ReactNode } from "react";

let locks = 0;

function lock(): () => void {
  const root = document.documentElement;
  if (locks++ === 0) root.style.overflow = "hidden";
  return () => {
    if (--locks === 0) root.style.overflow = "";
  };
}

interface RemoveScrollProps extends ComponentProps<"div"> {
  as?: unknown;
  allowPinchZoom?: boolean;
  enabled?: boolean;
  shards?: unknown;
  children?: ReactNode;
}

export function RemoveScroll({ as: _as, allowPinchZoom: _zoom, enabled = true, shards: _shards, children, ...props }: RemoveScrollProps) {
  useEffect(() => (enabled ? lock() : undefined), [enabled]);
  return <Slot.Root {...props}>{children}</Slot.Root>;
}
