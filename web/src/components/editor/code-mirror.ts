/** The editor itself; loaded when one is on the screen. Knows no framework. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Annotation, Compartment, EditorState, StateEffect, StateField, type Extension } from "@codemirror/state";
import {
  Decoration, EditorView, hoverTooltip, keymap, placeholder, ViewPlugin,
  type DecorationSet, type Tooltip, type ViewUpdate,
} from "@codemirror/view";

import { adoptStyles } from "./adopt-styles";
import { findVariables, type VariableUse } from "./variables";

export interface EditorSettings {
  placeholder: string;
  readOnly: boolean;
  /** Names that are declared; null: any name is fine. */
  variables: readonly string[] | null;
  /** What to say of one that is not. */
  describeUnknown: (name: string) => string;
  /** Attributes of the editable element: its name, its id, what describes it. */
  attributes: Readonly<Record<string, string>>;
}

export interface EditorEvents {
  onChange: (value: string) => void;
  onSubmit?: (() => void) | undefined;
  onSave?: (() => void) | undefined;
}

export interface EditorController {
  /** Makes `value` the text; the cursor stays where it is in what did not change. */
  setValue: (value: string) => void;
  configure: (settings: EditorSettings) => void;
  /** Puts text in place of the selection and goes on behind it. */
  insert: (text: string) => void;
  select: (from: number, to: number) => void;
  focus: () => void;
  destroy: () => void;
}

/** A change that came from outside, which the outside need not be told. */
const FromOutside = Annotation.define<boolean>();

/* ---- variables ---- */

type Known = Pick<EditorSettings, "variables" | "describeUnknown">;
const setKnown = StateEffect.define<Known>();
const known = StateField.define<Known>({
  create: () => ({ variables: null, describeUnknown: (name) => name }),
  update: (value, { effects }) => effects.reduce((last, effect) => (effect.is(setKnown) ? effect.value : last), value),
});

const MARKS = {
  known: Decoration.mark({ class: "cm-variable" }),
  unknown: Decoration.mark({ class: "cm-variable cm-variable-unknown" }),
};

function isUnknown(state: EditorState, name: string): boolean {
  const { variables } = state.field(known);
  return variables !== null && !variables.includes(name);
}

function marksOf(state: EditorState): DecorationSet {
  const uses = findVariables(state.doc.toString());
  return Decoration.set(uses.map(({ name, from, to }) => (isUnknown(state, name) ? MARKS.unknown : MARKS.known).range(from, to)));
}

const marks = StateField.define<DecorationSet>({
  create: marksOf,
  update: (value, { state, docChanged, effects }) => (docChanged || effects.some((effect) => effect.is(setKnown)) ? marksOf(state) : value),
  provide: (field) => EditorView.decorations.from(field),
});

function unknownAt(state: EditorState, position: number): VariableUse | undefined {
  return findVariables(state.doc.toString()).find(({ name, from, to }) => from <= position && position <= to && isUnknown(state, name));
}

const unknownTooltip = hoverTooltip(({ state }, position): Tooltip | null => {
  const use = unknownAt(state, position);
  if (!use) return null;
  const create = () => {
    const dom = document.createElement("div");
    dom.textContent = state.field(known).describeUnknown(use.name);
    return { dom };
  };
  return { pos: use.from, end: use.to, above: true, create };
});

/* ---- lines that run the way their text does ---- */

const AUTO_DIRECTION = Decoration.line({ attributes: { dir: "auto" } });

function directionsOf({ state, visibleRanges }: EditorView): DecorationSet {
  const starts = new Set<number>();
  for (const { from, to } of visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = state.doc.lineAt(at);
      starts.add(line.from);
      at = line.to + 1;
    }
  }
  return Decoration.set([...starts].sort((a, b) => a - b).map((start) => AUTO_DIRECTION.range(start)));
}

class Directions {
  decorations: DecorationSet;
  constructor(view: EditorView) {
    this.decorations = directionsOf(view);
  }
  update({ docChanged, viewportChanged, view }: ViewUpdate) {
    if (docChanged || viewportChanged) this.decorations = directionsOf(view);
  }
}

const directions: Extension = [
  EditorView.perLineTextDirection.of(true),
  ViewPlugin.fromClass(Directions, { decorations: (plugin) => plugin.decorations }),
];

/* ---- looks ---- */

const theme = EditorView.theme({
  "&": { minHeight: "inherit", maxHeight: "inherit", color: "var(--foreground)", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "inherit", lineHeight: "inherit", minHeight: "inherit", overflow: "auto" },
  ".cm-content": { minHeight: "inherit", padding: "0.625rem 0", caretColor: "var(--foreground)" },
  ".cm-line": { padding: "0 0.875rem" },
  ".cm-placeholder": { color: "var(--muted-foreground)" },
  ".cm-content ::selection, .cm-content::selection": { backgroundColor: "var(--primary-soft)", color: "inherit" },
  ".cm-variable": {
    borderRadius: "0.375rem",
    padding: "0.0625rem 0.125rem",
    backgroundColor: "var(--primary-soft)",
    color: "var(--primary-soft-foreground)",
    fontWeight: "500",
    unicodeBidi: "isolate",
  },
  ".cm-variable-unknown": {
    backgroundColor: "var(--warning-soft)",
    color: "var(--warning)",
    textDecoration: "underline wavy",
    textDecorationThickness: "1px",
    textUnderlineOffset: "0.25em",
  },
  ".cm-tooltip": {
    border: "none",
    borderRadius: "0.375rem",
    padding: "0.375rem 0.625rem",
    maxWidth: "18rem",
    backgroundColor: "var(--foreground)",
    color: "var(--background)",
    fontSize: "0.75rem",
    lineHeight: "1.4",
  },
});

/* ---- putting it together ---- */

function keys(events: EditorEvents): Extension {
  const call = (name: "onSubmit" | "onSave") => () => {
    events[name]?.();
    return events[name] !== undefined;
  };
  return keymap.of([
    { key: "Mod-Enter", run: call("onSubmit"), preventDefault: true },
    { key: "Mod-s", run: call("onSave") },
    ...historyKeymap,
    // Tab is left to the page: who comes here by keyboard leaves by it.
    ...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"),
  ]);
}

function adjustable(settings: EditorSettings): Extension {
  return [
    placeholder(settings.placeholder),
    EditorState.readOnly.of(settings.readOnly),
    EditorView.contentAttributes.of({ spellcheck: "true", autocapitalize: "sentences", ...settings.attributes }),
  ];
}

function normalized(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n");
}

/** The smallest change from one text to the other, so that the cursor has something to stay in. */
export function changeBetween(before: string, after: string): { from: number; to: number; insert: string } {
  const most = Math.min(before.length, after.length);
  let from = 0;
  while (from < most && before[from] === after[from]) from++;
  let same = 0;
  while (same < most - from && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  return { from, to: before.length - same, insert: after.slice(from, after.length - same) };
}

/** Makes an editor inside `parent`. `events` is read when something happens: change its members at will. */
export function createEditor(parent: HTMLElement, value: string, settings: EditorSettings, events: EditorEvents): EditorController {
  adoptStyles(parent.ownerDocument);
  const compartment = new Compartment();
  const told = EditorView.updateListener.of(({ docChanged, transactions, state }) => {
    if (docChanged && !transactions.every((transaction) => transaction.annotation(FromOutside))) events.onChange(state.doc.toString());
  });
  const extensions = [known, marks, unknownTooltip, directions, theme, keys(events), history(), EditorView.lineWrapping, told, compartment.of(adjustable(settings))];
  const view = new EditorView({ parent, state: EditorState.create({ doc: value, extensions }) });
  const configure = (next: EditorSettings) => view.dispatch({
    effects: [compartment.reconfigure(adjustable(next)), setKnown.of(next)],
  });
  configure(settings);
  return {
    configure,
    setValue: (next) => {
      const before = view.state.doc.toString();
      const after = normalized(next);
      if (before !== after) view.dispatch({ changes: changeBetween(before, after), annotations: FromOutside.of(true) });
    },
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text), { scrollIntoView: true });
      view.focus();
    },
    select: (from, to) => {
      const { length } = view.state.doc;
      view.dispatch({ selection: { anchor: Math.min(from, length), head: Math.min(to, length) } });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
