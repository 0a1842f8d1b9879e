"use client";

import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { useController } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { useT } from "@/lib/i18n";

import { LIMITS } from "../limits";
import { useWizard } from "../wizard-context";
import { useFieldError } from "./form-field";
import { ModelLabel, ModelPicker } from "./model-picker";
import { splitModel } from "./models";
import { moved, useEntryFocus } from "./text-list";

function Row({ id, index, last, onMove, onRemove }: { id: string; index: number; last: boolean; onMove: (to: number) => void; onRemove: () => void }) {
  const t = useT("wizard.list");
  const error = useFieldError(`config.fallback_models.${index}`);
  const number = index + 1;
  return (
    <li data-field={`config.fallback_models.${index}`} className="grid gap-1">
      <div className="flex items-center gap-1 rounded-lg border bg-card py-1 ps-3.5 pe-1 shadow-card">
        <span className="flex min-w-0 grow items-center gap-3">
          <span aria-hidden="true" className="text-xs text-muted-foreground tabular-nums">{number}</span>
          <ModelLabel {...splitModel(id)} />
        </span>
        <Button variant="ghost" size="icon-sm" className="text-muted-foreground" disabled={index === 0} aria-label={t("up", { number })} title={t("up", { number })} onClick={() => onMove(index - 1)}><ArrowUp /></Button>
        <Button variant="ghost" size="icon-sm" className="text-muted-foreground" disabled={last} aria-label={t("down", { number })} title={t("down", { number })} onClick={() => onMove(index + 1)}><ArrowDown /></Button>
        <Button data-entry variant="ghost" size="icon-sm" className="text-muted-foreground" aria-label={t("remove", { number })} title={t("remove", { number })} onClick={onRemove}><X /></Button>
      </div>
      {error ? <p role="alert" className="text-[0.8125rem] text-destructive">{error}</p> : null}
    </li>
  );
}

/** Models that are tried in turn when the first cannot answer. */
export function FallbackList() {
  const t = useT("wizard.fallback");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.fallback_models" });
  const { list, focus } = useEntryFocus();
  const values: string[] = field.value;
  const remove = (at: number) => {
    field.onChange(values.filter((_, index) => index !== at));
    focus(Math.max(0, at - 1));
  };
  return (
    <div role="group" aria-label={t("label")} data-field="config.fallback_models" className="grid gap-2">
      <div className="grid gap-0.5">
        <span className="text-sm font-medium">{t("label")}</span>
        <p className="text-[0.8125rem] text-muted-foreground">{t("hint")}</p>
      </div>
      <ul ref={list} className="grid gap-2 empty:hidden">
        {values.map((id, index) => (
          <Row key={id} id={id} index={index} last={index === values.length - 1} onMove={(to) => field.onChange(moved(values, index, to))} onRemove={() => remove(index)} />
        ))}
      </ul>
      {values.length < LIMITS.fallbacks ? (
        <div>
          <ModelPicker
            label={t("add")}
            value={{ provider: "", model: "" }}
            taken={values}
            onChange={({ provider, model }) => { if (!values.includes(`${provider}/${model}`)) field.onChange([...values, `${provider}/${model}`]); }}
            trigger={<Button data-add variant="secondary" size="sm"><Plus />{t("add")}</Button>}
          />
        </div>
      ) : null}
    </div>
  );
}
