"use client";

import { useCallback, useState, type ReactNode } from "react";

import { cn } from "@/lib/cn";

/** Scrolls sideways inside itself, and is reached by keyboard when there is something to scroll to. */
export function SideScroller({ label, className, children }: { label: string; className?: string; children: ReactNode }) {
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
    <div ref={observe} role="group" aria-label={label} {...reachable} className={cn("relative overflow-x-auto focus-visible:-outline-offset-2", className)}>
      {children}
    </div>
  );
}
