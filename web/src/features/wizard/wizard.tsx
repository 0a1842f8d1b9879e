"use client";

import { MessageSquare } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore, type ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { Dialog, SheetContent } from "@/components/ui/dialog";
import type { Agent } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { agentToForm } from "./agent-form";
import { MISTAKES_ID, focusField, focusId } from "./focus";
import { PreviewPanel } from "./preview/preview-panel";
import { usePreview, type Preview } from "./preview/use-preview";
import { ConflictBar } from "./save-state";
import { ConversationStep } from "./steps/conversation-step";
import { IdentityStep } from "./steps/identity-step";
import { InstructionsStep } from "./steps/instructions-step";
import { LimitsStep } from "./steps/limits-step";
import { ModelStep } from "./steps/model-step";
import { Review, loadReview } from "./steps/review";
import { isStep, seenUpTo, type Step } from "./steps";
import { useAgentForm } from "./use-agent-form";
import { useAutosave, useSaveSnapshot, type Origin } from "./use-autosave";
import { useProposal } from "./use-proposal";
import { usePublish } from "./use-publish";
import { WizardContext, useWizard, type Wizard as WizardState } from "./wizard-context";
import { WizardHeader } from "./wizard-header";

// Shown once in the life of an agent.
const BuildView = lazy(() => import("./build-view").then((module) => ({ default: module.BuildView })));

const SCREENS: Readonly<Record<Step, () => ReactNode>> = {
  identity: IdentityStep,
  model: ModelStep,
  instructions: InstructionsStep,
  conversation: ConversationStep,
  limits: LimitsStep,
  review: Review,
};

const WIDE = "(width >= 64rem)";

function subscribeWide(changed: () => void): () => void {
  const query = window.matchMedia(WIDE);
  query.addEventListener("change", changed);
  return () => query.removeEventListener("change", changed);
}

/** Whether the preview has a column of its own. */
function useWide(): boolean {
  return useSyncExternalStore(subscribeWide, () => window.matchMedia(WIDE).matches, () => true);
}

/** The step of the address, and the way to another: a field of it, an element by its id, or its heading takes the focus. */
function useSteps(first: Step, moved: (step: Step) => void) {
  const [params, setParams] = useQueryState();
  const asked = params.get("step");
  const step = isStep(asked) ? asked : first;
  const [seen, setSeen] = useState<ReadonlySet<Step>>(() => seenUpTo(first));
  const building = params.get("build") === "1";
  const wanted = useRef<{ step: Step; path: string | undefined } | null>(null);
  const shown = useRef(step);
  const [arrival, setArrival] = useState(0);

  const arrive = (target: Step, path: string | undefined) => {
    setSeen((before) => new Set(before).add(step).add(target));
    wanted.current = { step: target, path };
    setArrival((count) => count + 1);
    if (target !== step || params.has("build")) setParams({ step: target, build: null }, { push: true });
    moved(target);
  };
  const goTo = (target: Step, path?: string) => {
    const go = () => arrive(target, path);
    // With its code there the step takes the focus like the others.
    if (target === "review") void loadReview().then(go, go);
    else go();
  };

  useEffect(() => {
    const before = shown.current;
    shown.current = step;
    // The address may change a moment later than it was asked to.
    if (building || wanted.current?.step !== step) {
      // Back and forward in the browser take the focus away with the step that had it.
      if (before !== step && document.activeElement === document.body) focusId("step-title");
      return;
    }
    const { path } = wanted.current;
    wanted.current = null;
    // The step's own code has run by now; what it loads later takes the focus over by itself.
    requestAnimationFrame(() => {
      if (path !== undefined && focusField(path)) return;
      window.scrollTo({ top: 0 });
      if (path === undefined || !focusId(path)) focusId("step-title");
    });
  }, [arrival, step, building]);

  return { step, seen, goTo, building };
}

/** ⌘S saves now; Escape stops what is being written or answered. */
function useKeys(save: () => void, stop: () => boolean): void {
  const latest = useRef({ save, stop });
  useEffect(() => {
    latest.current = { save, stop };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "s") {
        event.preventDefault();
        latest.current.save();
      } else if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector('[role="dialog"]') && latest.current.stop()) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

/** Another device saved while nothing was typed here: its version is taken over without a question. */
function useFollow({ agent, form, saver }: Pick<WizardState, "agent" | "form" | "saver">): void {
  const { state } = useSaveSnapshot(saver);
  useEffect(() => {
    if (state !== "saved" || agent.draft_revision <= saver.revision || saver.dirty) return;
    form.reset(agentToForm(agent));
    saver.accept(agent.draft_revision);
  }, [agent, form, saver, state]);
}

function PreviewSheet({ preview }: { preview: Preview }) {
  const t = useT("wizard.preview");
  const tCore = useT("core");
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="lg" className="fixed inset-e-4 bottom-4 z-20 rounded-full shadow-pop lg:hidden" onClick={() => setOpen(true)}><MessageSquare />{t("open")}</Button>
      <Dialog open={open} onOpenChange={setOpen}>
        <SheetContent
          heading={t("title")}
          closeLabel={tCore("close")}
          className="w-full gap-3 p-0 pt-4 sm:w-[32rem] [&>div:first-child]:px-5"
          onEscapeKeyDown={(event) => {
            if (!preview.chat.busy) return;
            event.preventDefault();
            preview.chat.stop();
          }}
        >
          <PreviewPanel preview={preview} heading={false} className="flex-1 border-t" />
        </SheetContent>
      </Dialog>
    </>
  );
}

function Layout({ preview, building }: { preview: Preview; building: boolean }) {
  const t = useT("wizard.preview");
  const { step, goTo } = useWizard();
  const wide = useWide();
  const Screen = SCREENS[step];
  return (
    <div className="flex grow flex-col">
      <WizardHeader />
      <div className="grid grow lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_26rem] 2xl:grid-cols-[minmax(0,1fr)_30rem]">
        <div className="min-w-0">
          <ConflictBar />
          <div className="mx-auto max-w-[46rem] px-4 pt-8 pb-24 md:px-6 xl:px-8">
            {building ? <Suspense><BuildView onContinue={() => goTo("identity")} /></Suspense> : <Screen key={step} />}
          </div>
        </div>
        {wide ? (
          <aside aria-label={t("title")} className="sticky top-[9.5625rem] flex h-[calc(100dvh-9.5625rem)] flex-col border-s bg-card/50">
            <PreviewPanel preview={preview} className="flex-1" />
          </aside>
        ) : <PreviewSheet preview={preview} />}
      </div>
    </div>
  );
}

/** Starts what the address asks for, once: the agent written from its sentence. */
function useBuild(wanted: boolean, start: WizardState["proposal"]["start"]): void {
  const latest = useRef(start);
  const started = useRef(false);
  useEffect(() => {
    latest.current = start;
  });
  useEffect(() => {
    if (!wanted || started.current) return undefined;
    // A screen that goes away again at once asks nothing.
    const timer = setTimeout(() => {
      started.current = true;
      void latest.current("all");
    });
    return () => clearTimeout(timer);
  }, [wanted]);
}

/** The whole editor of one agent: steps on one side, a conversation with what they make on the other. */
export function Wizard({ agent }: { agent: Agent }) {
  const [opened] = useState(() => agentToForm(agent));
  const [first] = useState<Step>(() => (isStep(agent.draft?.step) ? agent.draft.step : "identity"));
  const origin = useRef<Origin>({ step: agent.draft?.step, template_id: agent.draft?.template_id, sentence: agent.draft?.sentence });
  const form = useAgentForm(opened);
  const saver = useAutosave(agent, form, origin);
  const proposal = useProposal(form, origin);
  const preview = usePreview(form);
  const { step, seen, goTo, building } = useSteps(first, (target) => {
    // A published agent gets no draft from being looked at.
    if (!agent.has_draft && agent.status === "published") return;
    origin.current = { ...origin.current, step: target };
    saver.touch();
  });
  const publishing = usePublish({ agent, form, saver, showMistakes: () => goTo("review", MISTAKES_ID) });
  useFollow({ agent, form, saver });
  useBuild(building && opened.config.instructions === "" && opened.config.persona === "", proposal.start);
  useKeys(
    () => void saver.flush(),
    () => {
      const busy = preview.chat.busy || proposal.running !== null;
      if (preview.chat.busy) preview.chat.stop();
      else proposal.stop();
      return busy;
    },
  );

  const wizard: WizardState = { agent, form, saver, proposal, publishing, step, seen, goTo, sentence: agent.draft?.sentence ?? "" };
  return <WizardContext value={wizard}><Layout preview={preview} building={building} /></WizardContext>;
}
