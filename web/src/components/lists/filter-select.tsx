import { Select } from "@/components/ui/select";
import { cn } from "@/lib/cn";

export interface Choice {
  value: string;
  label: string;
}

/** The chosen value stays a choice even where the list of them does not hold it. */
export function withChosen(choices: readonly Choice[], value: string | null, label?: string): Choice[] {
  if (!value || choices.some((choice) => choice.value === value)) return [...choices];
  return [...choices, { value, label: label ?? value }];
}

/** One thing a list can be narrowed to; coloured while it is. */
export function FilterSelect({ label, any, value, choices, onChange, className }: {
  label: string;
  /** What it says when nothing is chosen. */
  any: string;
  value: string | null;
  choices: readonly Choice[];
  onChange: (value: string | null) => void;
  className?: string;
}) {
  return (
    <span className={cn("inline-flex min-w-0", value && "[&_select]:border-primary/50 [&_select]:bg-primary-soft [&_select]:text-primary-soft-foreground", className)}>
      <Select aria-label={label} value={value ?? ""} onChange={(event) => onChange(event.target.value || null)}>
        <option value="">{any}</option>
        {choices.map((choice) => <option key={choice.value} value={choice.value}>{choice.label}</option>)}
      </Select>
    </span>
  );
}
