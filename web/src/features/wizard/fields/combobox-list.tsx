"use client";

import { Command } from "cmdk";
import { Check } from "lucide-react";
import { useEffect, useRef, type ComponentProps, type ReactNode } from "react";

import { searchClass } from "./combobox";

const groupClass = "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2.5 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted-foreground";

export interface ComboGroupProps {
  heading?: ReactNode;
  children: ReactNode;
}

export function ComboGroup({ heading, children }: ComboGroupProps) {
  return <Command.Group heading={heading} className={groupClass}>{children}</Command.Group>;
}

export interface ComboItemProps extends ComponentProps<typeof Command.Item> {
  value: string;
  selected?: boolean;
}

export function ComboItem({ value, selected = false, children, ...props }: ComboItemProps) {
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

interface ComboListProps {
  label: string;
  placeholder: string;
  empty: string;
  query: string;
  onQuery: (query: string) => void;
  filter: boolean;
  children: ReactNode;
}

/** The list with its search field, which has the focus as soon as it is there. */
export function ComboList({ label, placeholder, empty, query, onQuery, filter, children }: ComboListProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, []);
  return (
    <Command loop shouldFilter={filter} label={label}>
      <Command.Input
        ref={field}
        value={query}
        onValueChange={onQuery}
        placeholder={placeholder}
        className={searchClass}
      />
      <Command.List className="max-h-72 overflow-y-auto p-1.5">
        <Command.Empty className="px-3 py-6 text-center text-sm text-muted-foreground">{empty}</Command.Empty>
        {children}
      </Command.List>
    </Command>
  );
}
