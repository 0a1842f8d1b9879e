import { ArrowRight } from "lucide-react";
import type { ReactNode } from "react";

import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { cn } from "@/lib/cn";
import { Link } from "@/lib/nav";

/** A card of the dashboard: its name, what is in it, and where there is more. */
export function Panel({ title, more, className, children }: {
  title: string;
  more?: { href: string; label: string } | undefined;
  className?: string;
  children: ReactNode;
}) {
  return (
    <Card role="region" aria-label={title} className={cn("flex min-w-0 flex-col", className)}>
      <div className="flex items-baseline justify-between gap-3 px-5 pt-4 pb-2">
        <h2 className="text-[0.9375rem] font-semibold">{title}</h2>
        {more ? (
          <Link href={more.href} className="group inline-flex items-center gap-1 rounded-md text-[0.8125rem] text-muted-foreground hover:text-foreground">
            {more.label}
            <ArrowRight aria-hidden="true" className="size-3.5 transition-transform group-hover:translate-x-0.5 rtl:-scale-x-100 rtl:group-hover:-translate-x-0.5" />
          </Link>
        ) : null}
      </div>
      {children}
    </Card>
  );
}

export function PanelNote({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid grow place-content-center justify-items-center gap-3 px-5 pt-4 pb-8 text-center text-sm text-muted-foreground">
      <p className="max-w-80">{children}</p>
      {action}
    </div>
  );
}

export function PanelRows({ rows, className = "h-13" }: { rows: number; className?: string }) {
  return (
    <div aria-busy="true" className="grid pb-2">
      {Array.from({ length: rows }, (_, i) => <div key={i} className={cn("flex items-center px-5", className)}><Skeleton className="h-4 w-full" /></div>)}
    </div>
  );
}
