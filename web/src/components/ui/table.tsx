import type { ComponentProps } from "react";

import { cn } from "@/lib/cn";

/** Scrolls sideways inside itself, so that a page never does; the keyboard reaches it. */
export function Table({ className, label, ...props }: ComponentProps<"table"> & { label: string }) {
  return (
    // A scrolling region must be reachable by keyboard (WCAG 2.1.1).
    <div role="region" aria-label={label} tabIndex={0} className="overflow-x-auto rounded-[inherit] focus-visible:-outline-offset-2">
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
