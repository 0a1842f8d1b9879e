"use client";

import { ChevronsUpDown } from "lucide-react";
import dynamic from "next/dynamic";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { useFieldProps } from "@/components/ui/field";
import { controlClass } from "@/components/ui/input";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { cn } from "@/lib/cn";

import type { ComboGroupProps, ComboItemProps } from "./combobox-list";

/** What a list is made of is loaded when the first one opens. */
const list = () => import("./combobox-list");
const ComboList = lazy(() => list().then((module) => ({ default: module.ComboList })));
export const ComboGroup = dynamic<ComboGroupProps>(() => list().then((module) => module.ComboGroup), { ssr: false });
export const ComboItem = dynamic<ComboItemProps>(() => list().then((module) => module.ComboItem), { ssr: false });

/** Where one searches, in the list and in what stands in for it. */
export const searchClass = "h-11 w-full rounded-t-xl border-b bg-transparent px-3.5 text-sm outline-none placeholder:text-muted-foreground";

/** What is typed before the list has come is not lost. */
function StandIn({ label, placeholder, query, onQuery }: { label: string; placeholder: string; query: string; onQuery: (query: string) => void }) {
  return (
    <div className="h-40" aria-busy="true">
      <input value={query} onChange={(event) => onQuery(event.target.value)} aria-label={label} placeholder={placeholder} className={searchClass} />
    </div>
  );
}

export interface ComboboxProps {
  /** Its accessible name; what is chosen is added to it. */
  label: string;
  /** What is chosen, in words. */
  current: string;
  /** What is chosen, as it is shown on the button. */
  shown: ReactNode;
  placeholder: string;
  empty: string;
  /** The list; `close` shuts it after a choice. */
  children: (state: { query: string; close: () => void }) => ReactNode;
  /** The caller searches; nothing is filtered here. */
  searches?: ((query: string) => void) | undefined;
  footer?: ReactNode;
  trigger?: ReactNode;
  disabled?: boolean;
}

/** A button that opens a list one can search. */
export function Combobox({ label, current, shown, placeholder, empty, children, searches, footer, trigger, disabled = false }: ComboboxProps) {
  const [open, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const ties = useFieldProps();
  const change = (next: string) => {
    setQuery(next);
    searches?.(next);
  };
  return (
    <Popover open={open} onOpenChange={(next) => { setOpen(next); if (!next) change(""); }}>
      <PopoverTrigger asChild disabled={disabled}>
        {trigger ?? (
          <button type="button" {...ties} aria-label={`${label}: ${current}`} className={cn(controlClass, "flex h-9.5 items-center justify-between gap-2 text-start")}>
            <span className="flex min-w-0 items-center gap-2 truncate">{shown}</span>
            <ChevronsUpDown aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" />
          </button>
        )}
      </PopoverTrigger>
      <PopoverContent className="w-(--radix-popover-trigger-width) max-w-[calc(100vw-1rem)] min-w-72 p-0" aria-label={label}>
        <Suspense fallback={<StandIn label={label} placeholder={placeholder} query={query} onQuery={change} />}>
          <ComboList label={label} placeholder={placeholder} empty={empty} query={query} onQuery={change} filter={!searches}>
            {children({ query: query.trim(), close: () => setOpen(false) })}
          </ComboList>
        </Suspense>
        {footer ? <div className="border-t px-3.5 py-2.5 text-xs text-muted-foreground">{footer}</div> : null}
      </PopoverContent>
    </Popover>
  );
}
