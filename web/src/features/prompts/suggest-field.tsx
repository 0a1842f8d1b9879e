"use client";

import { Check, Plus, X } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type MouseEvent, type ReactNode } from "react";

import { isComposing } from "@/components/chat/keys";
import { useFieldProps } from "@/components/ui/field";
import { controlClass } from "@/components/ui/input";
import { cn } from "@/lib/cn";

import { directionOf } from "./draft";
import { stepFrom, type Suggestion } from "./suggestions";

export interface SuggestFieldProps {
  text: string;
  onText: (text: string) => void;
  suggestions: readonly Suggestion[];
  onPick: (value: string) => void;
  /** Names the list. */
  label: string;
  placeholder?: string | undefined;
  /** Hears the keys that the list did not take. */
  onKeyDown?: ((event: KeyboardEvent<HTMLInputElement>) => void) | undefined;
  onBlur?: (() => void) | undefined;
  /** What is chosen already, before the caret. */
  chips?: ReactNode;
  /** The list stays for the next choice. */
  keepOpen?: boolean | undefined;
  maxLength?: number | undefined;
  ltr?: boolean | undefined;
}

function Option({ id, suggestion, active, onPick }: { id: string; suggestion: Suggestion; active: boolean; onPick: () => void }) {
  const { label, hint, selected = false, fresh = false } = suggestion;
  const item = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (active) item.current?.scrollIntoView({ block: "nearest" });
  }, [active]);
  return (
    // For the pointer; the input keeps the focus and hears the keys.
    <li
      ref={item}
      id={id}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      onMouseDown={(event) => {
        event.preventDefault();
        if (event.button === 0) onPick();
      }}
      className={cn("flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm hover:bg-muted", active && "bg-muted")}
    >
      {fresh ? <Plus aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" /> : null}
      <span dir="auto" className="min-w-0 grow truncate">{label}</span>
      {hint ? <span className="shrink-0 text-xs text-muted-foreground tabular-nums">{hint}</span> : null}
      {selected ? <Check aria-hidden="true" className="size-4 shrink-0 text-primary" /> : null}
    </li>
  );
}

/** The list under a field: whether it is open, what the arrows point at, and the keys it takes. */
function useList(suggestions: readonly Suggestion[], keepOpen: boolean, onPick: (value: string) => void) {
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const shown = open && suggestions.length > 0;
  const at = active < suggestions.length ? active : -1;
  const show = (next: boolean) => {
    setOpen(next);
    setActive(-1);
  };
  const pick = (value: string) => {
    onPick(value);
    show(keepOpen);
  };
  /** Whether the list took the key. */
  const take = (key: string): boolean => {
    const chosen = suggestions[at];
    if (key === "ArrowDown" || key === "ArrowUp") {
      setOpen(true);
      setActive(stepFrom(at, key === "ArrowDown" ? 1 : -1, suggestions.length));
    } else if (key === "Enter" && shown && chosen) pick(chosen.value);
    else if (key === "Escape" && shown) show(false);
    else return false;
    return true;
  };
  return { shown, at, show, pick, take, open: () => setOpen(true) };
}

const BOX = "flex min-h-9.5 cursor-text flex-wrap items-center gap-1.5 px-2 py-1 focus-within:border-ring focus-within:outline-2 focus-within:outline-offset-0 focus-within:outline-ring/40 has-aria-invalid:border-destructive";

/** A text field that offers what exists while one types; the arrows choose, Enter takes, Escape shuts the list. */
export function SuggestField({ text, onText, suggestions, onPick, label, placeholder, onKeyDown, onBlur, chips, keepOpen = false, maxLength, ltr = false }: SuggestFieldProps) {
  const ties = useFieldProps();
  const listId = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useList(suggestions, keepOpen, onPick);
  const onBox = (event: MouseEvent) => {
    if (event.target !== event.currentTarget) return;
    event.preventDefault();
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent<HTMLInputElement>) => {
    if (isComposing(event)) return;
    if (!event.metaKey && !event.ctrlKey && list.take(event.key)) event.preventDefault();
    else onKeyDown?.(event);
  };
  return (
    <div className="relative min-w-0">
      {/* A click beside the chips means the input. */}
      <div role="presentation" onMouseDown={onBox} className={cn(controlClass, BOX)}>
        {chips}
        <input
          ref={input}
          {...ties}
          role="combobox"
          aria-expanded={list.shown}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={list.shown && list.at >= 0 ? `${listId}-${list.at}` : undefined}
          autoComplete="off"
          dir={text && ltr ? "ltr" : directionOf(text)}
          value={text}
          maxLength={maxLength}
          placeholder={placeholder}
          onChange={(event) => { onText(event.target.value); list.show(true); }}
          onClick={list.open}
          onBlur={() => { list.show(false); onBlur?.(); }}
          onKeyDown={onKey}
          className="h-7 w-24 min-w-0 grow bg-transparent px-1 outline-none placeholder:text-muted-foreground/80"
        />
      </div>
      <ul id={listId} role="listbox" aria-label={label} hidden={!list.shown} className="absolute inset-x-0 top-full z-20 mt-1.5 max-h-64 animate-in overflow-y-auto rounded-xl border bg-popover p-1.5 shadow-pop">
        {list.shown ? suggestions.map((suggestion, index) => (
          <Option key={suggestion.value} id={`${listId}-${index}`} suggestion={suggestion} active={index === list.at} onPick={() => list.pick(suggestion.value)} />
        )) : null}
      </ul>
    </div>
  );
}

/** Something chosen, with a way to take it out. */
export function Chip({ children, removeLabel, onRemove, ltr = false }: { children: ReactNode; removeLabel: string; onRemove?: (() => void) | undefined; ltr?: boolean }) {
  return (
    <span className={cn("inline-flex h-7 max-w-full items-center rounded-md bg-muted ps-2 text-[0.8125rem]", !onRemove && "pe-2")}>
      <span dir={ltr ? "ltr" : "auto"} className="min-w-0 truncate">{children}</span>
      {onRemove ? (
        <button type="button" aria-label={removeLabel} title={removeLabel} onClick={onRemove} className="ms-0.5 grid size-7 place-items-center rounded-md text-muted-foreground hover:text-foreground"><X aria-hidden="true" className="size-3.5" /></button>
      ) : null}
    </span>
  );
}
