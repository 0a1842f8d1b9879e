"use client";

import { Check } from "lucide-react";
import { useEffect, useMemo, useRef } from "react";
import { useWatch } from "react-hook-form";

import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import type { AgentForm } from "./agent-form";
import { STEPS, placeOf, stepStates, type StepState } from "./steps";
import { useMistakes } from "./use-mistakes";
import { useWizard } from "./wizard-context";

const MARKS: Readonly<Record<StepState, string>> = {
  todo: "border-input/70 text-muted-foreground",
  done: "border-transparent bg-success-soft text-success",
  attention: "border-transparent bg-warning-soft text-warning",
};

function Mark({ state, number, current }: { state: StepState; number: number; current: boolean }) {
  return (
    <span aria-hidden="true" className={cn("grid size-6 shrink-0 place-items-center rounded-full border text-xs font-semibold tabular-nums transition-colors", current ? "border-transparent bg-primary text-primary-foreground" : MARKS[state])}>
      {state === "attention" ? "!" : state === "done" && !current ? <Check className="size-3.5" strokeWidth={3} /> : number}
    </span>
  );
}

/** The steps: where one stands, which are done, which want attention. Each can be entered at any time. */
export function Stepper() {
  const t = useT("wizard");
  const { form, step: current, seen, goTo } = useWizard();
  const values = useWatch({ control: form.control }) as AgentForm;
  const mistakes = useMistakes();
  const states = useMemo(() => {
    // What is merely missing counts from the moment its step was left.
    const wrong = mistakes.filter(({ code }) => code !== "required" || seen.has("review"));
    return stepStates(values, wrong.filter(({ path }) => placeOf(path)), seen);
  }, [values, mistakes, seen]);
  const row = useRef<HTMLOListElement>(null);
  useEffect(() => {
    row.current?.querySelector('[aria-current="step"]')?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [current]);

  return (
    <nav aria-label={t("steps")} className="min-w-0">
      <ol ref={row} className="flex gap-1 overflow-x-auto px-3 pb-2 md:px-5 [scrollbar-width:none]">
        {STEPS.map((step, index) => {
          const isCurrent = step === current;
          const state = states[step];
          return (
            <li key={step} className="flex shrink-0 items-center gap-1">
              {index > 0 ? <span aria-hidden="true" className="hidden h-px w-4 bg-border xl:block 2xl:w-8" /> : null}
              <button
                type="button"
                aria-current={isCurrent ? "step" : undefined}
                onClick={() => goTo(step)}
                className={cn("flex h-9 items-center gap-2 rounded-lg px-2 text-[0.8125rem] font-medium text-muted-foreground transition-colors hover:bg-muted hover:text-foreground focus-visible:-outline-offset-2", isCurrent && "bg-primary-soft/60 text-foreground")}
              >
                <Mark state={state} number={index + 1} current={isCurrent} />
                <span className={cn(!isCurrent && "max-sm:sr-only")}>{t(`step.${step}.name`)}</span>
                {state === "todo" ? null : <span className="sr-only">{t(`state.${state}`)}</span>}
              </button>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
