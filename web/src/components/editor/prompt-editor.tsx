"use client";

import { useEffect, useImperativeHandle, useMemo, useRef, useState, type KeyboardEvent, type Ref, type RefObject } from "react";
import { flushSync } from "react-dom";

import { useFieldProps } from "@/components/ui/field";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import type { EditorController, EditorEvents, EditorSettings } from "./code-mirror";
import { placeholderOf } from "./variables";

export interface PromptEditorHandle {
  /** Puts `{{name}}` where the cursor is. */
  insertVariable: (name: string) => void;
  focus: () => void;
}

export interface PromptEditorProps {
  value: string;
  onChange: (value: string) => void;
  /** Its accessible name. Inside a Field, the same words as the field's label. */
  label: string;
  /** Names that are declared: others are marked. Without it any name is fine. */
  variables?: readonly string[] | undefined;
  placeholder?: string | undefined;
  readOnly?: boolean | undefined;
  /** ⌘Enter, Ctrl+Enter. */
  onSubmit?: (() => void) | undefined;
  /** ⌘S, Ctrl+S. */
  onSave?: (() => void) | undefined;
  /** Sets its least and most height, such as `min-h-40 max-h-96`. */
  className?: string | undefined;
  ref?: Ref<PromptEditorHandle> | undefined;
}

/** The text's own size, the same for what stands in while the editor loads. */
const TEXT = "font-sans text-[0.9375rem] leading-relaxed";
const BOX =
  "min-h-40 max-h-[60vh] w-full overflow-hidden rounded-lg border border-input/60 bg-card text-foreground shadow-card transition-colors hover:border-input focus-within:border-ring focus-within:outline-2 focus-within:outline-ring/40 data-invalid:border-destructive data-invalid:outline-destructive/30";

const MOST_TOLD = 50;

/** A label's click goes to its control; the editor is none that labels know. */
function useLabelClick(id: string | undefined, editor: EditorController | null): void {
  useEffect(() => {
    if (!id || !editor) return undefined;
    const onClick = ({ target }: MouseEvent) => {
      const label = target instanceof Element ? target.closest("label") : null;
      if (label?.htmlFor === id) editor.focus();
    };
    document.addEventListener("click", onClick);
    return () => document.removeEventListener("click", onClick);
  }, [id, editor]);
}

/** Loads the editor and puts it in `host`; takes over the cursor from what stood in for it. */
function useEditor(host: RefObject<HTMLDivElement | null>, standIn: RefObject<HTMLTextAreaElement | null>, value: string, settings: EditorSettings, events: EditorEvents) {
  const [editor, setEditor] = useState<EditorController | null>(null);
  /** What was told and has not come back yet: while it is under way the editor is already further. */
  const told = useRef<string[]>([]);
  const live = useRef<EditorEvents>({ onChange: () => undefined });
  const latest = useRef({ value, settings });
  useEffect(() => {
    const { onChange } = events;
    Object.assign(live.current, events, {
      onChange: (text: string) => {
        told.current = [...told.current.slice(-MOST_TOLD), text];
        onChange(text);
      },
    });
    latest.current = { value, settings };
  });

  useEffect(() => {
    let gone = false;
    let made: EditorController | null = null;
    const show = ({ createEditor }: typeof import("./code-mirror")) => {
      if (gone || !host.current) return;
      const area = standIn.current;
      made = createEditor(host.current, latest.current.value, latest.current.settings, live.current);
      const focused = area !== null && document.activeElement === area;
      if (area) made.select(area.selectionStart, area.selectionEnd);
      const shown = made;
      // Until it is shown it cannot take the focus over.
      flushSync(() => setEditor(shown));
      if (focused) shown.focus();
    };
    // What stands in can be written in as well: without the editor it simply stays.
    import("./code-mirror").then(show).catch(() => undefined);
    return () => {
      gone = true;
      made?.destroy();
      setEditor(null);
    };
  }, [host, standIn]);

  useEffect(() => {
    const at = told.current.indexOf(value);
    told.current = at < 0 ? [] : told.current.slice(at + 1);
    if (at < 0) editor?.setValue(value);
  }, [editor, value]);
  useEffect(() => editor?.configure(settings), [editor, settings]);
  return editor;
}

function StandIn({ area, settings, value, events }: { area: RefObject<HTMLTextAreaElement | null>; settings: EditorSettings; value: string; events: EditorEvents }) {
  const onKeyDown = (event: KeyboardEvent) => {
    if (!event.metaKey && !event.ctrlKey) return;
    const act = event.key === "Enter" ? events.onSubmit : event.key === "s" ? events.onSave : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <textarea
      ref={area}
      {...settings.attributes}
      dir={value === "" ? undefined : "auto"}
      value={value}
      readOnly={settings.readOnly}
      placeholder={settings.placeholder}
      onChange={(event) => events.onChange(event.target.value)}
      onKeyDown={onKeyDown}
      className="block field-sizing-content max-h-[inherit] min-h-[inherit] w-full resize-none bg-transparent px-3.5 py-2.5 outline-none placeholder:text-muted-foreground"
    />
  );
}

/**
 * Edits a prompt: `{{variables}}` stand out, unknown ones are underlined with the reason on hover. A plain
 * text area stands in until the editor is loaded, and for good where it cannot be.
 */
export function PromptEditor({ value, onChange, label, variables, placeholder = "", readOnly = false, onSubmit, onSave, className, ref }: PromptEditorProps) {
  const t = useT("chat.editor");
  const { id, "aria-describedby": describedBy, "aria-invalid": invalid } = useFieldProps();
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const names = variables?.join("\n");
  const settings = useMemo<EditorSettings>(() => ({
    placeholder,
    readOnly,
    variables: names === undefined ? null : names.split("\n"),
    describeUnknown: (name) => t("unknown_variable", { name }),
    attributes: {
      "aria-label": label,
      ...(id ? { id } : {}),
      ...(describedBy ? { "aria-describedby": describedBy } : {}),
      ...(invalid ? { "aria-invalid": "true" } : {}),
    },
  }), [placeholder, readOnly, names, label, id, describedBy, invalid, t]);
  const events: EditorEvents = { onChange, onSubmit, onSave };
  const editor = useEditor(host, area, value, settings, events);
  useLabelClick(id, editor);

  useImperativeHandle(ref, () => ({
    focus: () => (editor ? editor.focus() : area.current?.focus()),
    insertVariable: (name) => {
      if (editor) return editor.insert(placeholderOf(name));
      const { selectionStart: from = value.length, selectionEnd: to = value.length } = area.current ?? {};
      onChange(value.slice(0, from) + placeholderOf(name) + value.slice(to));
      area.current?.focus();
    },
  }), [editor, value, onChange]);

  return (
    <div className={cn(BOX, TEXT, className)} data-invalid={invalid ? "" : undefined}>
      {editor ? null : <StandIn area={area} settings={settings} value={value} events={events} />}
      <div ref={host} className={cn("max-h-[inherit] min-h-[inherit]", !editor && "hidden")} />
    </div>
  );
}
