"use client";

import { ArrowLeft, CircleDot, Check, FlaskConical, PenLine } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";

import type { PromptEditorHandle } from "@/components/editor/prompt-editor";
import { May } from "@/components/shell/may";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Segmented } from "@/components/ui/segmented";
import type { Prompt } from "@/lib/api/schema";
import { usePermission } from "@/lib/api/session";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link, useLeaveGuard, useNavigate, useQueryState } from "@/lib/nav";
import { modifierKey } from "@/lib/platform";

import { AgentHint } from "./agent-hint";
import { titleOf, type PromptDraft } from "./draft";
import { ConflictDialog, LeaveDialog } from "./draft-dialogs";
import { PromptForm } from "./prompt-form";
import { PromptMenu } from "./prompt-menu";
import { TestPanel } from "./test-panel";
import { usePromptDraft, type PromptDraftState } from "./use-prompt-draft";
import { useTesting } from "./use-prompt-test";
import { usePromptActions } from "./use-prompts";

function SaveState({ dirty, isNew }: { dirty: boolean; isNew: boolean }) {
  const t = useT("prompts.editor");
  if (isNew && !dirty) return null;
  const Icon = dirty ? CircleDot : Check;
  return (
    <span role="status" title={dirty ? t("unsaved") : t("saved")} className={cn("flex items-center gap-1.5 text-[0.8125rem] whitespace-nowrap", dirty ? "text-warning" : "text-muted-foreground")}>
      <Icon aria-hidden="true" className="size-4" />
      <span className="max-sm:sr-only">{dirty ? t("unsaved") : t("saved")}</span>
    </span>
  );
}

function Header({ state, onSave, onDelete }: { state: PromptDraftState; onSave: () => void; onDelete: (prompt: Prompt) => void }) {
  const t = useT("prompts");
  const tCore = useT("core");
  const { draft, base, dirty, saving } = state;
  const title = draft.name.trim() || (base ? titleOf({ name: null, prompt_text: draft.text }) : "") || t("new");
  return (
    <header className="sticky top-14 z-10 -mx-4 flex items-center gap-3 border-b bg-background/90 px-4 py-3 backdrop-blur-md md:-mx-8 md:px-8">
      <Button asChild variant="ghost" size="icon-sm" className="-ms-2"><Link href="/prompts" aria-label={t("back")}><ArrowLeft className="rtl:-scale-x-100" /></Link></Button>
      <h1 className="min-w-0 grow truncate text-lg font-semibold"><bdi>{title}</bdi></h1>
      <div className="flex shrink-0 items-center gap-2">
        <SaveState dirty={dirty} isNew={base === null} />
        <CopyButton text={draft.text} label={t("action.copy_text")} copiedLabel={tCore("copied")} disabled={!draft.text} className={base ? "max-sm:hidden" : undefined} />
        {base ? <PromptMenu prompt={base} onDelete={() => onDelete(base)} /> : null}
        <May permission="prompts:write">
          <Button onClick={onSave} busy={saving} disabled={base !== null && !dirty} aria-keyshortcuts="Control+S Meta+S" title={t("editor.save_hint", { keys: `${modifierKey()} S` })}>{tCore("save")}</Button>
        </May>
      </div>
    </header>
  );
}

/** Keys of the whole screen: save, run, and stop where nothing lies above it. */
function useKeys(actions: { save: () => void; run: () => void; stop: (() => void) | null }) {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("[role=dialog]")) return;
      const { save, run, stop } = latest.current;
      const command = (event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey;
      const act = command && event.key.toLowerCase() === "s" ? save : command && event.key === "Enter" ? run : event.key === "Escape" ? stop : null;
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

/** Asks before a way out loses what is not saved. */
function useLeaving(state: PromptDraftState) {
  const { dirty, save, setGone } = state;
  const [way, setWay] = useState<{ go: () => void; free: boolean } | null>(null);
  const guard = useCallback((go: () => void) => setWay({ go, free: false }), []);
  useLeaveGuard(dirty ? guard : null);
  useEffect(() => {
    // The guard is gone by now.
    if (way?.free && !dirty) way.go();
  }, [way, dirty]);
  if (!way || way.free) return null;
  const leave = () => setWay({ ...way, free: true });
  return (
    <LeaveDialog
      onStay={() => setWay(null)}
      onDiscard={() => {
        leave();
        setGone(true);
      }}
      onSave={async () => {
        if (await save()) leave();
        else setWay(null);
      }}
    />
  );
}

/** The two sides of the screen: beside each other, or one at a time where there is no room. */
function useSides() {
  const [params, setParams] = useQueryState();
  const view: "write" | "test" = params.get("view") === "test" ? "test" : "write";
  const panel = useRef<HTMLDivElement>(null);
  const fields = useRef<HTMLDivElement>(null);
  /** The variable whose value is to be typed as soon as its field can be seen. */
  const wanted = useRef<string | null>(null);
  const focusWanted = useCallback(() => {
    const field = wanted.current === null ? null : fields.current?.querySelector<HTMLElement>(`[data-variable="${CSS.escape(wanted.current)}"]`);
    if (!field?.offsetParent) return;
    wanted.current = null;
    field.focus();
  }, []);
  useEffect(focusWanted, [view, focusWanted]);
  const show = (which: "write" | "test") => setParams({ view: which === "test" ? "test" : null });
  const showTest = () => {
    // Where both sides fit there is nothing to switch.
    if (!panel.current?.offsetParent) show("test");
  };
  const typeValue = (variable: string) => {
    showTest();
    wanted.current = variable;
    focusWanted();
  };
  return { view, show, showTest, typeValue, panel, fields };
}

function ViewSwitch({ view, onChange }: { view: "write" | "test"; onChange: (view: "write" | "test") => void }) {
  const t = useT("prompts.view");
  return (
    <Segmented
      className="self-start lg:hidden"
      label={t("sides")}
      value={view}
      onChange={onChange}
      options={[
        { value: "write", label: <><PenLine aria-hidden="true" />{t("write")}</> },
        { value: "test", label: <><FlaskConical aria-hidden="true" />{t("test")}</> },
      ]}
    />
  );
}

/** Deletes it and goes back to the list; what is not saved goes with it. */
function useDelete(setGone: (gone: boolean) => void): (prompt: Prompt) => void {
  const navigate = useNavigate();
  const { deletePrompt } = usePromptActions();
  const remove = async (prompt: Prompt) => {
    setGone(true);
    if (await deletePrompt(prompt)) navigate("/prompts");
    else setGone(false);
  };
  return (prompt) => void remove(prompt);
}

export interface WorkbenchProps {
  /** Names what is kept of it: the prompt's id, or what a new one is begun with. */
  name: string;
  stored: Prompt | null;
  start: PromptDraft;
  onCreated: (prompt: Prompt) => void;
  /** It is being deleted: nobody need ask for it any more. */
  onGone: (gone: boolean) => void;
}

/** Writing a prompt, and trying it beside. */
export function Workbench({ name, stored, start, onCreated, onGone }: WorkbenchProps) {
  const editor = useRef<PromptEditorHandle>(null);
  const state = usePromptDraft({ name, stored, start, onCreated });
  const { draft, base } = state;
  const testing = useTesting(base?.id ?? null, draft.text);
  const { view, show, showTest, typeValue, panel, fields } = useSides();
  const remove = useDelete((gone) => {
    state.setGone(gone);
    onGone(gone);
  });
  const writes = usePermission("prompts:write");
  const save = () => {
    if (!writes) return;
    if (!draft.text.trim()) editor.current?.focus();
    void state.save();
  };
  const run = () => {
    if (testing.run()) showTest();
  };
  useKeys({ save, run, stop: testing.state.busy ? testing.stop : null });
  const leaving = useLeaving(state);

  return (
    <div className="page flex grow flex-col gap-5 pt-0! 2xl:max-w-[100rem]">
      <Header state={state} onSave={save} onDelete={remove} />
      <ViewSwitch view={view} onChange={show} />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-2">
        <div className={cn("grid min-w-0 grid-cols-[minmax(0,1fr)] gap-5", view === "test" && "max-lg:hidden")}>
          <PromptForm
            readOnly={!writes}
            draft={draft}
            mistakes={state.mistakes}
            onChange={state.change}
            onSave={save}
            onRun={run}
            onVariable={typeValue}
            findings={testing.state.findings}
            outdated={testing.outdated}
            editor={editor}
          />
          <May permission="agents:write"><AgentHint id={base?.id ?? null} /></May>
        </div>
        <div ref={panel} className={cn("min-w-0", view === "write" && "max-lg:hidden")}>
          <TestPanel testing={testing} onRun={run} fields={fields} />
        </div>
      </div>
      {leaving}
      {state.theirs ? <ConflictDialog theirs={state.theirs} saving={state.saving} onResolve={state.resolve} /> : null}
    </div>
  );
}
