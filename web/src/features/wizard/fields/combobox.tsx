"use client";

import { Command } from "cmdk";
import { Check, ChevronsUpDown } from "lucide-react";
import { useState, type ComponentProps, type ReactNode } from "react";

import { useFieldProps } from "@/components/ui/field";
import { controlClass } from "@/components/ui/input";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { cn } from "@/lib/cn";

const groupClass = "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted-foreground";

export function ComboGroup({ heading, children }: { heading?: ReactNode; children: ReactNode }) {
  return <Command.Group heading={heading} className={groupClass}>{children}</Command.Group>;
}

export function ComboItem({ value, selected = false, children, ...props }: ComponentProps<typeof Command.Item> & { value: string; selected?: boolean }) {
  return (
    <Command.Item
      value={value}
      className="flex cursor-pointer items-center gap-2.5 rounded-lg px-2.5 py-2 text-sm data-[disabled=true]:pointer-events-none data-[disabled=true]:opacity-60 data-[selected=true]:bg-muted"
      {...props}
    >
      <span className="flex min-w-0 grow items-center gap-2">{children}</span>
      {selected ? <Check aria-hidden="true" className="size-4 shrink-0 text-primary" /> : null}
    </Command.Item>
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
  /** Opens with this chosen. */
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
        <Command loop shouldFilter={!searches} label={label}>
          <Command.Input
            value={query}
            onValueChange={change}
            placeholder={placeholder}
            className="h-11 w-full rounded-t-xl border-b bg-transparent px-3.5 text-sm outline-none placeholder:text-muted-foreground"
          />
          <Command.List className="max-h-72 overflow-y-auto p-1.5">
            <Command.Empty className="px-3 py-6 text-center text-sm text-muted-foreground">{empty}</Command.Empty>
            {children({ query: query.trim(), close: () => setOpen(false) })}
          </Command.List>
        </Command>
        {footer ? <div className="border-t px-3.5 py-2.5 text-xs text-muted-foreground">{footer}</div> : null}
      </PopoverContent>
    </Popover>
  );
}
