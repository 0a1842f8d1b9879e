"use client";

import { ArrowRight, CircleAlert, CircleCheck, Pencil, Rocket } from "lucide-react";
import type { ReactNode } from "react";
import { useWatch } from "react-hook-form";

import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { $api } from "@/lib/api/query";
import { useFormat } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

import type { AgentForm } from "../agent-form";
import { MISTAKES_ID } from "../focus";
import { placeOf, type FieldName, type Mistake, type Step } from "../steps";
import { useMistakes } from "../use-mistakes";
import { useWizard } from "../wizard-context";
import { StepFooter, StepFrame } from "./step-frame";

/** What each field is called where it is edited. */
const LABELS = {
  "name": "field.name",
  "description": "field.description",
  "config": "review.configuration",
  "config.persona": "field.persona",
  "config.language": "language.label",
  "config.provider": "field.model",
  "config.model": "field.model",
  "config.temperature": "field.temperature",
  "config.top_p": "field.top_p",
  "config.max_tokens": "field.max_tokens",
  "config.stop": "field.stop",
  "config.fallback_models": "fallback.label",
  "config.response_format": "format.label",
  "config.json_schema": "json_schema.label",
  "config.instructions": "field.instructions",
  "config.response_style": "style.label",
  "config.prompt_id": "prompt_picker.label",
  "config.variables": "variable.title",
  "config.greeting": "field.greeting",
  "config.suggested_questions": "field.suggested_questions",
  "config.memory": "field.history_turns",
  "config.limits": "field.timeout",
} as const satisfies Record<FieldName, string>;

function useFieldLabel(): (path: string) => string {
  const t = useT("wizard");
  return (path) => {
    const place = placeOf(path);
    if (!place) return path;
    const name = t(LABELS[place.field]);
    return place.index === null ? name : t("review.entry", { name, number: place.index + 1 });
  };
}

/** Everything between here and a published agent, each a way to its field. */
function Missing({ mistakes }: { mistakes: readonly Mistake[] }) {
  const t = useT("wizard.review");
  const { goTo } = useWizard();
  const labelOf = useFieldLabel();
  return (
    <div className="grid gap-3 rounded-xl border border-warning/40 bg-warning-soft/60 p-5">
      <div className="flex items-center gap-2.5">
        <CircleAlert aria-hidden="true" className="size-5 shrink-0 text-warning" />
        <h3 id={MISTAKES_ID} tabIndex={-1} className="font-semibold outline-none">{t("missing", { count: mistakes.length })}</h3>
      </div>
      <ul className="grid gap-1">
        {mistakes.map(({ path, message }) => {
          const place = placeOf(path);
          const text = <><span className="font-medium">{labelOf(path)}</span><span className="text-muted-foreground"> — {message}</span></>;
          return (
            <li key={`${path} ${message}`}>
              {place ? (
                <button type="button" onClick={() => goTo(place.step, place.path)} className="group flex w-full items-center gap-2 rounded-lg px-2.5 py-1.5 text-start text-sm hover:bg-card">
                  <span className="grow">{text}</span>
                  <ArrowRight aria-hidden="true" className="size-4 shrink-0 text-muted-foreground transition-transform group-hover:translate-x-0.5 rtl:-scale-x-100" />
                </button>
              ) : <p className="px-2.5 py-1.5 text-sm">{text}</p>}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function Section({ step, children }: { step: Step; children: ReactNode }) {
  const t = useT("wizard");
  const { goTo } = useWizard();
  return (
    <Card>
      <div className="flex items-center justify-between gap-3 border-b px-5 py-2.5">
        <h3 className="text-sm font-semibold">{t(`step.${step}.name`)}</h3>
        <Button variant="ghost" size="sm" className="-me-2 h-7 px-2 text-xs" onClick={() => goTo(step)} aria-label={t("review.edit_label", { step: t(`step.${step}.name`) })}><Pencil />{t("review.edit")}</Button>
      </div>
      <dl className="divide-y">{children}</dl>
    </Card>
  );
}

function Row({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="grid gap-x-4 gap-y-1 px-5 py-3 text-sm sm:grid-cols-[10rem_minmax(0,1fr)]">
      <dt className="text-muted-foreground">{label}</dt>
      <dd className="min-w-0 [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Text({ children }: { children: string }) {
  return <p dir="auto" className="line-clamp-8 whitespace-pre-wrap">{children}</p>;
}

function Muted({ children }: { children: ReactNode }) {
  return <span className="text-muted-foreground">{children}</span>;
}

function Chips({ items, mono = false }: { items: readonly string[]; mono?: boolean }) {
  return <span className="flex flex-wrap gap-1.5">{items.map((item) => <Badge key={item} className={mono ? "font-mono" : "whitespace-normal"}>{item}</Badge>)}</span>;
}

function PromptName({ id }: { id: string }) {
  const { data } = $api.useQuery("get", "/v1/prompts/{id}", { params: { path: { id } } }, { retry: false });
  return data ? data.name || data.prompt_text.slice(0, 120) : id;
}

function IdentitySummary({ values: { name, description, config } }: { values: AgentForm }) {
  const t = useT("wizard");
  const unset = <Muted>{t("review.unset")}</Muted>;
  return (
    <Section step="identity">
      <Row label={t("field.name")}>{name.trim() || unset}</Row>
      <Row label={t("field.description")}>{description.trim() ? <Text>{description}</Text> : unset}</Row>
      <Row label={t("field.persona")}>{config.persona.trim() ? <Text>{config.persona}</Text> : unset}</Row>
      <Row label={t("language.label")}>{config.language || <Muted>{t("language.of_question")}</Muted>}</Row>
    </Section>
  );
}

function ModelSummary({ values: { config } }: { values: AgentForm }) {
  const t = useT("wizard");
  const format = useFormatter();
  const own = <Muted>{t("field.default_of_model")}</Muted>;
  return (
    <Section step="model">
      <Row label={t("field.model")}>{config.provider || config.model ? <span dir="ltr" className="font-mono text-[0.8125rem]">{config.provider}{config.model ? `/${config.model}` : ""}</span> : <Muted>{t("model_picker.default")}</Muted>}</Row>
      <Row label={t("field.temperature")}>{config.temperature === null ? own : format.number(config.temperature)}</Row>
      {config.top_p === null ? null : <Row label={t("field.top_p")}>{format.number(config.top_p)}</Row>}
      <Row label={t("field.max_tokens")}>{config.max_tokens === null ? <Muted>{t("field.max_tokens_unset")}</Muted> : t("limits.tokens", { count: config.max_tokens })}</Row>
      {config.stop.length ? <Row label={t("field.stop")}><Chips mono items={config.stop.map((text) => JSON.stringify(text))} /></Row> : null}
      <Row label={t("format.label")}>{t(`format.${config.response_format || "auto"}`)}</Row>
      {config.fallback_models.length ? <Row label={t("fallback.label")}><Chips mono items={config.fallback_models} /></Row> : null}
    </Section>
  );
}

function InstructionsSummary({ values: { config } }: { values: AgentForm }) {
  const t = useT("wizard");
  return (
    <Section step="instructions">
      <Row label={t("field.instructions")}>{config.instructions.trim() ? <Text>{config.instructions}</Text> : <Muted>{t("review.unset")}</Muted>}</Row>
      {config.prompt_id ? <Row label={t("prompt_picker.label")}><PromptName id={config.prompt_id} /></Row> : null}
      <Row label={t("style.label")}>{t(`style.${config.response_style || "none"}`)}</Row>
    </Section>
  );
}

function ConversationSummary({ values: { config } }: { values: AgentForm }) {
  const t = useT("wizard");
  const { number } = useFormat();
  const unset = <Muted>{t("review.unset")}</Muted>;
  const names = config.variables.map(({ name }) => name.trim()).filter(Boolean);
  return (
    <Section step="conversation">
      <Row label={t("variable.title")}>{names.length ? <Chips mono items={[...new Set(names)]} /> : unset}</Row>
      <Row label={t("field.greeting")}>{config.greeting.trim() ? <Text>{config.greeting}</Text> : unset}</Row>
      <Row label={t("field.suggested_questions")}>
        {config.suggested_questions.length ? <ul className="grid gap-1">{config.suggested_questions.map((question, index) => <li key={index} dir="auto">{question}</li>)}</ul> : unset}
      </Row>
      <Row label={t("field.history_turns")}>{config.memory.history_turns === null ? <Muted>{t("field.history_turns_unset")}</Muted> : number(config.memory.history_turns)}</Row>
    </Section>
  );
}

function LimitsSummary({ values: { config } }: { values: AgentForm }) {
  const t = useT("wizard");
  const { duration } = useFormat();
  return (
    <Section step="limits">
      <Row label={t("field.timeout")}>{config.limits.timeout_s === null ? <Muted>{t("field.timeout_unset")}</Muted> : duration(config.limits.timeout_s * 1_000)}</Row>
    </Section>
  );
}

/** Everything in one look, what is missing on top, and the button that makes it real. */
export function ReviewStep() {
  const t = useT("wizard");
  const { agent, form, publishing } = useWizard();
  const values = useWatch({ control: form.control }) as AgentForm;
  const mistakes = useMistakes();
  return (
    <StepFrame
      footer={(
        <StepFooter>
          <Button busy={publishing.busy} onClick={() => void publishing.publish()}><Rocket />{agent.status === "published" ? t("publish.changes") : t("publish.action")}</Button>
        </StepFooter>
      )}
    >
      {mistakes.length === 0 ? (
        <p className="flex items-center gap-2.5 rounded-xl bg-success-soft px-4 py-3 text-sm text-success"><CircleCheck aria-hidden="true" className="size-5 shrink-0" />{t("review.ready")}</p>
      ) : <Missing mistakes={mistakes} />}
      <div className="grid gap-4">
        <IdentitySummary values={values} />
        <ModelSummary values={values} />
        <InstructionsSummary values={values} />
        <ConversationSummary values={values} />
        <LimitsSummary values={values} />
      </div>
    </StepFrame>
  );
}
