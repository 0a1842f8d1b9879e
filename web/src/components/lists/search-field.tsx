"use client";

import { Search } from "lucide-react";

import { Input } from "@/components/ui/input";
import { useDebounced } from "@/lib/debounce";

const MOST_SEARCHED = 200;

/** The text a list is searched for: shown at once, asked for when the typing pauses. */
export function SearchField({ label, placeholder, value, onChange }: { label: string; placeholder: string; value: string; onChange: (q: string) => void }) {
  const [text, setText] = useDebounced(value, onChange);
  return (
    <div className="relative min-w-0 grow basis-40 sm:max-w-72">
      <Search aria-hidden="true" className="pointer-events-none absolute inset-s-3 top-1/2 size-4 -translate-y-1/2 text-muted-foreground" />
      <Input type="search" className="ps-9" aria-label={label} placeholder={placeholder} value={text} maxLength={MOST_SEARCHED} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}
