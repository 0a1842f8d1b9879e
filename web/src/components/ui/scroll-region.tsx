"use client";

import { useCallback, useState, type ReactNode } from "react";

import { cn } from "@/lib/cn";

/** Scrolls inside itself when its content is larger; then the keyboard reaches it (WCAG 2.1.1). */
export function ScrollRegion({ label, dir, className, children }: { label: string; dir?: "ltr"; className?: string; children: ReactNode }) {
  const [scrolls, setScrolls] = useState(false);
  const observe = useCallback((box: HTMLDivElement | null) => {
    if (!box) return undefined;
    const observer = new ResizeObserver(() => setScrolls(box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1));
    observer.observe(box);
    if (box.firstElementChild) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, []);
  const reachable = scrolls ? { tabIndex: 0 } : {};
  return <div ref={observe} role="region" aria-label={label} dir={dir} {...reachable} className={cn("overflow-auto focus-visible:-outline-offset-2", className)}>{children}</div>;
}
