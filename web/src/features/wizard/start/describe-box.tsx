"use client";

import { ArrowUp, Sparkles } from "lucide-react";
import { useId, useRef, useState, type KeyboardEvent } from "react";

import { Button } from "@/components/ui/button";
import { Spinner } from "@/components/ui/spinner";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { Counter } from "../fields/counter";
import { useModelChoices } from "../fields/models";
import { directionOf } from "../fields/text-direction";
import { LIMITS } from "../limits";
import type { CreateDraft } from "./use-create-draft";

const EXAMPLES = ["returns", "release_notes", "german_tutor", "contracts"] as const;

/** Says who will write: a model, or the sandbox that only adapts a template. */
function WriterNote() {
  const t = useT("start");
  const { fallback } = useModelChoices();
  if (!fallback) return null;
  if (!fallback.offline) return <span>{t("writer", { model: `${fallback.id}/${fallback.default_model}` })}</span>;
  return (
    <span>
      {t("writer_sandbox")}{" "}
      <Link href="/settings?tab=models" className="font-medium text-primary hover:underline">{t("writer_connect")}</Link>
    </span>
  );
}

/** One sentence, from which the whole configuration is written. */
export function DescribeBox({ making, create }: CreateDraft) {
  const t = useT("start");
  const [sentence, setSentence] = useState("");
  const [short, setShort] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const hintId = useId();
  const errorId = useId();
  const over = sentence.length > LIMITS.sentence;
  const busy = making === "sentence";

  const submit = () => {
    const text = sentence.trim();
    setShort(text.length < LIMITS.sentenceMin);
    if (text.length < LIMITS.sentenceMin || over) {
      area.current?.focus();
      return;
    }
    void create("sentence", { sentence: text, step: "identity" }, true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const take = (text: string) => {
    setSentence(text);
    setShort(false);
    area.current?.focus();
  };

  return (
    <div className="grid gap-4">
      <div className={cn("rounded-2xl border border-input/60 bg-card p-2 shadow-pop transition-colors focus-within:border-ring focus-within:outline-2 focus-within:outline-ring/30", short && "border-destructive")}>
        <textarea
          ref={area}
          dir={directionOf(sentence)}
          rows={3}
          value={sentence}
          readOnly={busy}
          aria-label={t("sentence")}
          aria-describedby={short || over ? errorId : hintId}
          aria-invalid={short || over || undefined}
          placeholder={t("placeholder")}
          onChange={(event) => { setSentence(event.target.value); setShort(false); }}
          onKeyDown={onKeyDown}
          className="field-sizing-content block max-h-72 min-h-22 w-full resize-none bg-transparent px-3 pt-2 text-base leading-relaxed outline-none placeholder:text-muted-foreground/80"
        />
        <div className="flex items-center justify-between gap-3 ps-3">
          <p id={hintId} className="flex min-w-0 items-center gap-2 text-xs text-muted-foreground"><Sparkles aria-hidden="true" className="size-3.5 shrink-0 text-primary" /><WriterNote /></p>
          <span className="flex shrink-0 items-center gap-3 text-xs">
            <Counter length={sentence.length} max={LIMITS.sentence} />
            <Button size="lg" className="max-sm:size-11 max-sm:px-0" onClick={submit} aria-disabled={busy || undefined}>
              {busy ? <Spinner className="size-4" /> : <ArrowUp />}<span className="max-sm:sr-only">{t("submit")}</span>
            </Button>
          </span>
        </div>
      </div>
      {short || over ? <p id={errorId} role="alert" className="text-center text-[0.8125rem] text-destructive">{short ? t("too_short") : t("too_long", { max: LIMITS.sentence })}</p> : null}
      <ul aria-label={t("examples")} className="flex flex-wrap justify-center gap-2">
        {EXAMPLES.map((example) => (
          <li key={example}>
            <button type="button" onClick={() => take(t(`example.${example}.sentence`))} className="rounded-full border bg-card px-3.5 py-1.5 text-[0.8125rem] text-muted-foreground shadow-card transition-colors hover:border-input hover:text-foreground">
              {t(`example.${example}.name`)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
