"use client";

import { SlidersHorizontal } from "lucide-react";
import { Fragment, useState, type ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

/** What narrows a list: a search, and choices that fold behind a button on phones. */
export function FilterBar({ label, search, active, onClear, aside, end, children }: {
  /** Names the landmark. */
  label: string;
  search: ReactNode;
  /** How many of the choices are made. */
  active: number;
  /** Given while the list is narrowed. */
  onClear?: (() => void) | undefined;
  /** Stands beside the search. */
  aside?: ReactNode;
  /** Stands behind the choices. */
  end?: ReactNode;
  children: ReactNode;
}) {
  const t = useT("core");
  const [open, setOpen] = useState(false);
  const [cleared, setCleared] = useState(0);
  const clear = () => {
    // What was typed a moment ago and not asked for yet goes too.
    setCleared(cleared + 1);
    onClear?.();
  };
  return (
    <div role="search" aria-label={label} className="flex flex-wrap items-center gap-2">
      <Fragment key={cleared}>{search}</Fragment>
      <Button variant="secondary" className="relative w-9.5 px-0 sm:hidden" aria-label={t("more_filters")} aria-expanded={open} onClick={() => setOpen(!open)}>
        <SlidersHorizontal />
        {active > 0 ? <span className="absolute -inset-e-1.5 -top-1.5 rounded-full bg-primary px-1.5 text-xs text-primary-foreground tabular-nums">{active}</span> : null}
      </Button>
      {aside}
      <div className={cn("w-full flex-wrap items-center gap-2 sm:flex sm:w-auto", open ? "grid grid-cols-2" : "hidden")}>{children}</div>
      {end}
      {onClear ? <Button variant="ghost" className="px-3 text-muted-foreground" onClick={clear}>{t("clear_filters")}</Button> : null}
    </div>
  );
}
