import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";

/** What went wrong with the form as a whole; screen readers are told at once. */
export function FormError({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <div role="alert" className="flex items-start gap-2.5 rounded-lg bg-destructive-soft px-3.5 py-2.5 text-sm text-destructive">
      <CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span>{children}</span>
    </div>
  );
}
