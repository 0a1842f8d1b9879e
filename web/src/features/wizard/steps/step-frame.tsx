"use client";

import { ArrowLeft, ArrowRight } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { issuesOf } from "../mistakes";
import { STEPS, placeOf, type Step } from "../steps";
import { useAgentFormSchema } from "../use-agent-form";
import { useWizard } from "../wizard-context";

/** A step: what it is for, its fields, and the way to the next. The heading takes the focus when it is entered. */
export function StepFrame({ children, footer }: { children: ReactNode; footer?: ReactNode }) {
  const t = useT("wizard");
  const { step } = useWizard();
  return (
    <section aria-labelledby="step-title" className="grid gap-8">
      <header className="grid gap-1.5">
        <h2 id="step-title" tabIndex={-1} className="text-xl font-semibold outline-none">{t(`step.${step}.title`)}</h2>
        <p className="text-sm text-muted-foreground">{t(`step.${step}.description`)}</p>
      </header>
      {children}
      {footer ?? <StepFooter />}
    </section>
  );
}

/** Goes on to the next step, unless something on this one is wrong: then to the first such field. */
function useContinue(): (next: Step) => void {
  const { form, step, goTo } = useWizard();
  const schema = useAgentFormSchema();
  return (next) => {
    // What is merely missing can wait; publishing asks for it.
    const wrong = issuesOf(schema, form.getValues()).map(({ path }) => placeOf(path)).filter((place) => place?.step === step);
    const first = wrong[0];
    if (!first) return goTo(next);
    for (const place of wrong) if (place) void form.trigger(place.path as "name");
    goTo(step, first.path);
  };
}

export function StepFooter({ children }: { children?: ReactNode }) {
  const t = useT("wizard");
  const { step, goTo } = useWizard();
  const goOn = useContinue();
  const at = STEPS.indexOf(step);
  const before = STEPS[at - 1];
  const next = STEPS[at + 1];
  return (
    <div className="flex items-center justify-between gap-3 border-t pt-5">
      {before ? <Button variant="ghost" onClick={() => goTo(before)}><ArrowLeft className="rtl:-scale-x-100" />{t(`step.${before}.name`)}</Button> : <span />}
      {children}
      {next ? <Button onClick={() => goOn(next)}>{t("continue_to", { step: t(`step.${next}.name`) })}<ArrowRight className="rtl:-scale-x-100" /></Button> : null}
    </div>
  );
}

/** Fields that belong together. */
export function FieldGroup({ title, description, children, className }: { title?: string; description?: string; children: ReactNode; className?: string }) {
  return (
    <div className={cn("grid gap-5", className)}>
      {title ? (
        <div className="grid gap-0.5 border-t pt-6">
          <h3 className="text-[0.9375rem] font-semibold">{title}</h3>
          {description ? <p className="text-[0.8125rem] text-muted-foreground">{description}</p> : null}
        </div>
      ) : null}
      {children}
    </div>
  );
}
