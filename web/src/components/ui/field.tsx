"use client";

import { createContext, useContext, useId, type ReactNode } from "react";

import { cn } from "@/lib/cn";

interface FieldState {
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
}

const FieldContext = createContext<FieldState | null>(null);

export interface FieldProps {
  label: ReactNode;
  /** One line of help under the control. */
  hint?: ReactNode;
  /** What is wrong, and how to mend it. */
  error?: string | undefined;
  /** Stands at the label's end: a counter, a link. */
  aside?: ReactNode;
  hideLabel?: boolean;
  className?: string;
  children: ReactNode;
}

/** A labelled control with its help and its error. Controls inside take `useFieldProps()`. */
export function Field({ label, hint, error, aside, hideLabel = false, className, children }: FieldProps) {
  const id = useId();
  const hintId = `${id}-hint`;
  const errorId = `${id}-error`;
  const describedBy = [error ? errorId : null, hint ? hintId : null].filter(Boolean).join(" ") || undefined;
  return (
    <FieldContext value={{ id, describedBy, invalid: Boolean(error) }}>
      <div className={cn("grid content-start gap-1.5", className)} data-invalid={error ? "" : undefined}>
        <div className={cn("flex items-baseline justify-between gap-3", hideLabel && !aside && "sr-only")}>
          <label htmlFor={id} className={cn("text-sm font-medium", hideLabel && "sr-only")}>{label}</label>
          {aside ? <span className="text-xs text-muted-foreground">{aside}</span> : null}
        </div>
        {children}
        {error ? <p id={errorId} role="alert" className="text-[0.8125rem] text-destructive">{error}</p> : null}
        {hint ? <p id={hintId} className="text-[0.8125rem] text-muted-foreground">{hint}</p> : null}
      </div>
    </FieldContext>
  );
}

/** What ties a control to the Field around it: spread it on the input. */
export function useFieldProps(): { id?: string; "aria-describedby"?: string; "aria-invalid"?: true } {
  const field = useContext(FieldContext);
  if (!field) return {};
  return {
    id: field.id,
    ...(field.describedBy ? { "aria-describedby": field.describedBy } : {}),
    ...(field.invalid ? { "aria-invalid": true as const } : {}),
  };
}
