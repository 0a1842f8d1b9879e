"use client";

import { useCallback, useState, type ComponentProps } from "react";

import { cn } from "@/lib/cn";

/** Scrolls sideways inside itself, so that a page never does; then the keyboard reaches it (WCAG 2.1.1).
 * Positioned, so that names for screen readers alone, which are absolute, scroll with it. */
export function Table({ className, label, ...props }: ComponentProps<"table"> & { label: string }) {
  const [scrolls, setScrolls] = useState(false);
  const observe = useCallback((box: HTMLDivElement | null) => {
    if (!box) return undefined;
    const observer = new ResizeObserver(() => setScrolls(box.scrollWidth > box.clientWidth + 1));
    observer.observe(box);
    if (box.firstElementChild) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const reachable = scrolls ? { tabIndex: 0 } : {};
  return (
    <div ref={observe} role="region" aria-label={label} {...reachable} className="relative overflow-x-auto rounded-[inherit] focus-visible:-outline-offset-2">
      <table className={cn("w-full border-collapse text-sm", className)} {...props} />
    </div>
  );
}

export function Th({ className, ...props }: ComponentProps<"th">) {
  return <th scope="col" className={cn("h-10 whitespace-nowrap border-b px-4 text-start text-xs font-medium text-muted-foreground", className)} {...props} />;
}

export function Td({ className, ...props }: ComponentProps<"td">) {
  return <td className={cn("border-b px-4 py-2.5 align-middle in-[tr:last-child]:border-b-0", className)} {...props} />;
}
