"use client";

import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { useController, type FieldPath } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { Textarea } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import type { AgentForm } from "../agent-form";
import { useWizard } from "../wizard-context";
import { useFieldError } from "./form-field";
import { directionOf } from "./text-direction";

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const next = [...list];
  const [item] = next.splice(from, 1);
  if (item !== undefined) next.splice(to, 0, item);
  return next;
}

/** Moves the focus to an entry after the list has changed. */
export function useEntryFocus() {
  const list = useRef<HTMLUListElement>(null);
  const wanted = useRef<number | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    const entries = list.current?.querySelectorAll<HTMLElement>("[data-entry]");
    const target = entries?.[Math.min(wanted.current, (entries.length || 1) - 1)] ?? list.current?.parentElement?.querySelector<HTMLElement>("[data-add]");
    target?.focus();
    wanted.current = null;
  });
  return { list, focus: (index: number) => { wanted.current = index; } };
}

function RowButton({ label, onClick, disabled = false, children }: { label: string; onClick: () => void; disabled?: boolean; children: ReactNode }) {
  return <Button variant="ghost" size="icon-sm" className="text-muted-foreground" aria-label={label} title={label} onClick={onClick} disabled={disabled}>{children}</Button>;
}

interface TextListProps {
  path: "config.suggested_questions" | "config.stop";
  label: string;
  entryLabel: (number: number) => string;
  addLabel: string;
  placeholder?: string;
  most: number;
  aside?: ReactNode;
  hint?: ReactNode;
  /** The order means something. */
  ordered?: boolean;
  mono?: boolean;
  /** How an entry is shown and read, where that differs from how it is kept. */
  show?: (value: string) => string;
  read?: (shown: string) => string;
  readOnly?: boolean;
}

const same = (value: string) => value;

/** Short texts, one per line. Enter adds the next; Backspace in an empty one removes it. */
export function TextList({ path, label, entryLabel, addLabel, placeholder, most, aside, hint, ordered = false, mono = false, show = same, read = same, readOnly = false }: TextListProps) {
  const t = useT("wizard.list");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: path });
  const { list, focus } = useEntryFocus();
  const values: string[] = field.value;
  const listError = useFieldError(path);

  const add = (at: number) => {
    if (values.length >= most) return;
    field.onChange([...values.slice(0, at), "", ...values.slice(at)]);
    focus(at);
  };
  const remove = (at: number) => {
    field.onChange(values.filter((_, index) => index !== at));
    focus(Math.max(0, at - 1));
  };
  const onKeyDown = (index: number) => (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      add(index + 1);
    } else if (event.key === "Backspace" && values[index] === "") {
      event.preventDefault();
      remove(index);
    }
  };

  return (
    <div role="group" aria-label={label} data-field={path} className="grid gap-2">
      <div className="flex min-h-7 items-baseline justify-between gap-3">
        <span className="text-sm font-medium">{label}</span>
        {aside}
      </div>
      <ul ref={list} className="grid gap-2 empty:hidden">
        {values.map((value, index) => (
          <Entry
            // The entries have no names of their own; their place is what they are.
            key={index}
            path={`${path}.${index}`}
            value={value}
            show={show}
            read={read}
            label={entryLabel(index + 1)}
            placeholder={placeholder}
            mono={mono}
            readOnly={readOnly}
            onChange={(next) => field.onChange(values.map((other, at) => (at === index ? next : other)))}
            onBlur={field.onBlur}
            onKeyDown={onKeyDown(index)}
          >
            {ordered ? (
              <>
                <RowButton label={t("up", { number: index + 1 })} disabled={index === 0} onClick={() => field.onChange(moved(values, index, index - 1))}><ArrowUp /></RowButton>
                <RowButton label={t("down", { number: index + 1 })} disabled={index === values.length - 1} onClick={() => field.onChange(moved(values, index, index + 1))}><ArrowDown /></RowButton>
              </>
            ) : null}
            <RowButton label={t("remove", { number: index + 1 })} onClick={() => remove(index)}><X /></RowButton>
          </Entry>
        ))}
      </ul>
      <div>
        <Button data-add variant="secondary" size="sm" disabled={values.length >= most || readOnly} onClick={() => add(values.length)}><Plus />{addLabel}</Button>
      </div>
      {listError ? <p role="alert" className="text-[0.8125rem] text-destructive">{listError}</p> : null}
      {hint ? <p className="text-[0.8125rem] text-muted-foreground">{hint}</p> : null}
    </div>
  );
}

function Entry({ path, value, show, read, label, placeholder, mono, readOnly, onChange, onBlur, onKeyDown, children }: {
  path: FieldPath<AgentForm>;
  value: string;
  show: (value: string) => string;
  read: (shown: string) => string;
  label: string;
  placeholder: string | undefined;
  mono: boolean;
  readOnly: boolean;
  onChange: (value: string) => void;
  onBlur: () => void;
  onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  children: ReactNode;
}) {
  const error = useFieldError(path);
  // While somebody types, the text stays as it was typed: half of "\\n" would be shown as something else.
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <li data-field={path} className="grid gap-1">
      <span className="flex items-start gap-1 [&>button]:mt-0.5 max-sm:[&>button]:w-7">
        <Textarea
          data-entry
          dir={directionOf(value)}
          rows={1}
          value={typed ?? show(value)}
          aria-label={label}
          aria-invalid={error ? true : undefined}
          placeholder={placeholder}
          readOnly={readOnly}
          className={cn("field-sizing-content min-h-9.5 resize-none py-[0.4375rem] leading-normal", mono && "font-mono text-[0.8125rem]")}
          onChange={(event) => {
            setTyped(event.target.value);
            onChange(read(event.target.value));
          }}
          onBlur={() => {
            setTyped(null);
            onBlur();
          }}
          onKeyDown={onKeyDown}
        />
        {children}
      </span>
      {error ? <p role="alert" className="text-[0.8125rem] text-destructive">{error}</p> : null}
    </li>
  );
}
