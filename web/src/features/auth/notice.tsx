"use client";

import type { LucideIcon } from "lucide-react";
import { useEffect, useRef, type ReactNode } from "react";

import { cn } from "@/lib/cn";

const TONES = {
  neutral: "bg-primary-soft text-primary-soft-foreground",
  success: "bg-success-soft text-success",
  warning: "bg-warning-soft text-warning",
} as const;

/**
 * What a signed-out page has to say when there is no form: how it went, and where it goes on. It takes the focus,
 * for what was pressed is gone; not when it is `first`, what the page opens with.
 */
export function Notice({ icon: Icon, tone = "neutral", title, first = false, children, action }: {
  icon: LucideIcon;
  tone?: keyof typeof TONES;
  title: ReactNode;
  first?: boolean;
  children?: ReactNode;
  action?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!first) heading.current?.focus();
  }, [first]);
  return (
    <div className="grid gap-5">
      <span className={cn("grid size-12 place-items-center rounded-2xl", TONES[tone])}><Icon aria-hidden="true" className="size-6" /></span>
      <div className="grid gap-1.5">
        <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold outline-none">{title}</h1>
        {children ? <div className="grid gap-3 text-sm text-muted-foreground">{children}</div> : null}
      </div>
      {action ? <div className="grid gap-2">{action}</div> : null}
    </div>
  );
}
