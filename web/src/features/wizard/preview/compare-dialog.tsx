"use client";

import { CircleAlert, Columns2, Play, Plus, Square, X, Zap } from "lucide-react";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";

import { Markdown } from "@/components/chat/markdown";
import { Metrics } from "@/components/chat/metrics";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Textarea } from "@/components/ui/input";
import { Kbd } from "@/components/ui/kbd";
import { toast } from "@/components/ui/toast";
import { ScreenMessages, useT } from "@/lib/i18n";
import { modifierKey } from "@/lib/platform";
import { readLanes } from "@/lib/run-events";
import { openStream } from "@/lib/sse";

import compare from "@/messages/en/compare.json";

import { ModelPicker } from "../fields/model-picker";
import { splitModel, useModelChoices, type ModelChoices } from "../fields/models";
import { directionOf } from "../fields/text-direction";
import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { explained } from "./explain";
import { endLanes, fastest, nextLanes, startLanes, type Lane } from "./lanes";
import type { TestValues } from "./test-values";
import { previewBody } from "./use-preview";

const { min: FEWEST, max: MOST } = LIMITS.compared;

/** The agent's own model first, then others that can answer. */
function firstModels({ groups, fallback }: ModelChoices, own: string): string[] {
  const first = own || (fallback ? `${fallback.id}/${fallback.default_model}` : "");
  const all = groups.flatMap(({ provider, models }) => models.map((model) => `${provider.id}/${model}`));
  const others = [...all.filter((id) => splitModel(id).provider === splitModel(first).provider), ...all].filter((id) => id !== first);
  return [...new Set([first, ...others].filter(Boolean))].slice(0, FEWEST);
}

interface Comparison {
  lanes: readonly Lane[];
  busy: boolean;
  run: (input: string, models: readonly string[]) => Promise<void>;
  stop: () => void;
}

/** Several models asked the same at once, on one stream; redrawn once per frame. */
function useComparison(values: TestValues): Comparison {
  const t = useT("compare");
  const { form } = useWizard();
  const [lanes, setLanes] = useState<readonly Lane[]>([]);
  const [busy, setBusy] = useState(false);
  const controller = useRef<AbortController | null>(null);
  useEffect(() => () => controller.current?.abort(), []);

  const run = async (input: string, models: readonly string[]) => {
    controller.current?.abort();
    const mine = new AbortController();
    controller.current = mine;
    let now: readonly Lane[] = startLanes(models);
    let frame = 0;
    const draw = () => {
      frame = 0;
      if (controller.current === mine) setLanes(now);
    };
    setLanes(now);
    setBusy(true);
    try {
      const body = { ...previewBody(form.getValues(), values), input_text: input, models };
      for await (const event of readLanes(openStream({ path: "/v1/ai/compare", body, signal: mine.signal }))) {
        now = nextLanes(now, event);
        frame ||= requestAnimationFrame(draw);
      }
      now = endLanes(now, t("lost"));
    } catch (thrown) {
      now = endLanes(now, mine.signal.aborted ? null : explained(thrown).message);
    }
    cancelAnimationFrame(frame);
    if (controller.current !== mine) return;
    draw();
    setBusy(false);
  };
  return { lanes, busy, run, stop: () => controller.current?.abort() };
}

function LaneCard({ lane, quickest, onUse }: { lane: Lane; quickest: boolean; onUse: () => void }) {
  const t = useT("compare");
  const underWay = lane.status === "waiting" || lane.status === "streaming";
  return (
    <Card className="flex min-h-64 min-w-0 flex-col" role="group" aria-label={lane.model} aria-busy={underWay}>
      <div className="flex min-h-11 items-center justify-between gap-2 border-b px-4 py-2">
        <span dir="ltr" className="min-w-0 truncate font-mono text-[0.8125rem]" title={lane.model}>{lane.model}</span>
        {quickest ? <Badge tone="success"><Zap aria-hidden="true" />{t("fastest")}</Badge> : null}
      </div>
      <div className="grow px-4 py-3 text-sm">
        {lane.status === "waiting" ? <p className="animate-pulse-soft text-muted-foreground">{t("waiting")}</p> : null}
        {lane.text ? <Markdown text={lane.text} /> : null}
        {lane.status === "failed" ? <p className="mt-2 flex items-start gap-2 text-destructive"><CircleAlert aria-hidden="true" className="mt-0.5 size-4 shrink-0" />{lane.error}</p> : null}
        {lane.status === "stopped" ? <p className="mt-2 text-muted-foreground">{t("stopped")}</p> : null}
      </div>
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-2 border-t px-4 py-1.5">
        {lane.metrics ? <Metrics metrics={lane.metrics} /> : <span />}
        <span className="flex items-center gap-1">
          {lane.text ? <CopyButton text={lane.text} label={t("copy")} copiedLabel={t("copied")} /> : null}
          <Button variant="soft" size="sm" onClick={onUse} disabled={underWay}>{t("use")}</Button>
        </span>
      </div>
    </Card>
  );
}

function ModelSlots({ models, onChange }: { models: readonly string[]; onChange: (models: string[]) => void }) {
  const t = useT("compare");
  const replace = (at: number, id: string) => {
    if (!models.includes(id)) onChange(models.map((other, index) => (index === at ? id : other)));
  };
  return (
    <ul className="grid gap-2 sm:grid-cols-2 lg:grid-cols-4" aria-label={t("models")}>
      {models.map((id, index) => (
        <li key={id} className="flex min-w-0 items-center gap-1">
          <span className="min-w-0 grow">
            <ModelPicker label={t("model_number", { number: index + 1 })} value={splitModel(id)} taken={models.filter((other) => other !== id)} onChange={({ provider, model }) => replace(index, `${provider}/${model}`)} />
          </span>
          {models.length > FEWEST ? (
            <Button variant="ghost" size="icon-sm" className="text-muted-foreground" aria-label={t("remove", { model: id })} onClick={() => onChange(models.filter((other) => other !== id))}><X /></Button>
          ) : null}
        </li>
      ))}
      {models.length < MOST ? (
        <li>
          <ModelPicker
            label={t("add")}
            value={{ provider: "", model: "" }}
            taken={models}
            onChange={({ provider, model }) => { if (!models.includes(`${provider}/${model}`)) onChange([...models, `${provider}/${model}`]); }}
            trigger={<Button variant="ghost" className="w-full border border-dashed"><Plus />{t("add")}</Button>}
          />
        </li>
      ) : null}
    </ul>
  );
}

interface CompareProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  values: TestValues;
}

function Comparison({ open, onOpenChange, values }: CompareProps) {
  const t = useT("compare");
  const tCore = useT("core");
  const { form } = useWizard();
  const choices = useModelChoices();
  const [chosen, setChosen] = useState<string[] | null>(null);
  const [input, setInput] = useState("");
  const { lanes, busy, run, stop } = useComparison(values);
  const hintId = useId();
  const { provider, model } = form.getValues("config");
  const models = chosen ?? firstModels(choices, provider && model ? `${provider}/${model}` : "");
  const ready = input.trim() !== "" && models.length >= FEWEST;
  const quickest = fastest(lanes);

  const ask = () => {
    if (ready && !busy) void run(input, models);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.nativeEvent.isComposing || !(event.metaKey || event.ctrlKey)) return;
    event.preventDefault();
    ask();
  };
  const use = (id: string) => {
    const name = splitModel(id);
    form.setValue("config.provider", name.provider, { shouldDirty: true, shouldValidate: true });
    form.setValue("config.model", name.model, { shouldDirty: true, shouldValidate: true });
    toast({ title: t("used", { model: id }) });
    onOpenChange(false);
  };

  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <DialogContent
        heading={<span className="flex items-center gap-2"><Columns2 aria-hidden="true" className="size-5 text-primary" />{t("title")}</span>}
        description={t("description")}
        closeLabel={tCore("close")}
        className="sm:max-w-6xl"
        onEscapeKeyDown={(event) => {
          if (!busy) return;
          event.preventDefault();
          stop();
        }}
      >
        <ModelSlots models={models} onChange={setChosen} />
        <div className="grid gap-2">
          <Textarea dir={directionOf(input)} value={input} onChange={(event) => setInput(event.target.value)} onKeyDown={onKeyDown} aria-label={t("input")} aria-describedby={hintId} placeholder={t("placeholder")} className="field-sizing-content max-h-40 min-h-16" />
          <div className="flex flex-wrap items-center justify-between gap-3">
            <p id={hintId} className="flex items-center gap-1.5 text-xs text-muted-foreground"><Kbd>{modifierKey()}</Kbd><Kbd>↵</Kbd>{t("hint")}</p>
            {busy
              ? <Button variant="secondary" onClick={stop}><Square className="fill-current" />{t("stop")}</Button>
              : <Button onClick={ask} disabled={!ready}><Play className="rtl:-scale-x-100" />{t("run")}</Button>}
          </div>
        </div>
        {lanes.length ? (
          <div className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,17rem),1fr))] gap-3">
            {lanes.map((lane, index) => <LaneCard key={index} lane={lane} quickest={index === quickest} onUse={() => use(lane.asked)} />)}
          </div>
        ) : null}
        <p role="status" className="sr-only">{lanes.length ? (busy ? t("running") : t("finished")) : ""}</p>
      </DialogContent>
    </Dialog>
  );
}

const ENGLISH = { compare };

/** The same question to several models at once, side by side, with the configuration in the form. */
export function CompareDialog(props: CompareProps) {
  return <ScreenMessages english={ENGLISH}><Comparison {...props} /></ScreenMessages>;
}
