"use client";

import type { LucideIcon } from "lucide-react";
import { useId } from "react";

import { cn } from "@/lib/cn";

export interface Choice<T extends string> {
  value: T;
  label: string;
  hint: string;
  icon?: LucideIcon;
}

/** One choice of a few, each explained; the browser's own radio buttons, so that arrows move. */
export function ChoiceCards<T extends string>({ label, value, choices, onChange, onBlur, className }: {
  label: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
  onBlur?: () => void;
  className?: string;
}) {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className={cn("grid gap-2 sm:grid-cols-2", className)}>
      {choices.map(({ value: own, label: title, hint, icon: Icon }) => (
        <label
          key={own}
          className="relative flex cursor-pointer items-start gap-3 rounded-xl border bg-card p-3.5 shadow-card transition-colors hover:border-input has-checked:border-primary has-checked:bg-primary-soft/40 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ring"
        >
          <input type="radio" name={name} value={own} checked={own === value} onChange={() => onChange(own)} onBlur={onBlur} aria-describedby={`${name}-${own}`} className="sr-only" />
          {Icon ? <Icon aria-hidden="true" className="mt-0.5 size-4.5 shrink-0 text-muted-foreground in-[label:has(:checked)]:text-primary" /> : null}
          <span className="grid gap-0.5">
            <span className="text-sm font-medium">{title}</span>
            <span id={`${name}-${own}`} className="text-[0.8125rem] text-muted-foreground">{hint}</span>
          </span>
        </label>
      ))}
    </div>
  );
}
