"use client";

import { useMemo, useState, type KeyboardEvent } from "react";

import { Field } from "@/components/ui/field";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";

import { Chip, SuggestField } from "./suggest-field";
import { isOffered, matching, type Suggestion } from "./suggestions";
import { MOST_MODELS } from "./test-values";

const FRESH_MS = 60_000;

export interface ModelChoices {
  suggestions: Suggestion[];
  /** The model asked when none is chosen; null until it is known. */
  standard: string | null;
  /** Providers that can be called, by id. */
  providers: readonly string[];
}

/** Models that the server can use now. */
export function useModelChoices(): ModelChoices {
  const models = $api.useQuery("get", "/v1/models", {}, { staleTime: FRESH_MS });
  const providers = $api.useQuery("get", "/v1/providers", {}, { staleTime: FRESH_MS });
  return useMemo(() => {
    const all = providers.data?.data ?? [];
    const standard = all.find((provider) => provider.is_default);
    return {
      suggestions: (models.data?.data ?? []).map(({ id, owned_by }) => ({
        value: id, label: id.slice(owned_by.length + 1), hint: all.find((provider) => provider.id === owned_by)?.title ?? owned_by,
      })),
      standard: standard ? `${standard.id}/${standard.default_model}` : null,
      providers: all.filter(({ configured }) => configured).map(({ id }) => id),
    };
  }, [models.data, providers.data]);
}

/** A model of a provider that can be called, but is on no list. */
function typedModel(typed: string, { providers, suggestions }: ModelChoices): boolean {
  const slash = typed.indexOf("/");
  return slash > 0 && slash < typed.length - 1 && providers.includes(typed.slice(0, slash)) && !isOffered(suggestions, typed);
}

interface ModelFieldProps {
  choices: ModelChoices;
  /** What is asked, the default where nothing was chosen. */
  models: readonly string[];
  onChange: (models: string[]) => void;
}

/** One to four models to put the prompt to. */
export function ModelField({ choices, models, onChange }: ModelFieldProps) {
  const t = useT("prompts.test");
  const [text, setText] = useState("");
  const typed = text.trim();
  const full = models.length >= MOST_MODELS;
  const offered = matching(choices.suggestions, typed).map((one) => ({ ...one, selected: models.includes(one.value) }));
  const fresh: Suggestion[] = typedModel(typed, choices) ? [{ value: typed, label: t("use_model", { model: typed }), fresh: true }] : [];

  const toggle = (model: string) => {
    if (models.includes(model)) {
      if (models.length > 1) onChange(models.filter((other) => other !== model));
    } else if (!full) onChange([...models, model]);
    setText("");
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Backspace" && text === "" && models.length > 1) onChange(models.slice(0, -1));
  };

  return (
    <Field label={t("models")} className="grid-cols-[minmax(0,1fr)]" aside={t("models_count", { count: models.length, most: MOST_MODELS })}>
      <SuggestField
        label={t("models")}
        text={text}
        onText={setText}
        suggestions={full ? offered.filter(({ selected }) => selected) : [...offered, ...fresh]}
        onPick={toggle}
        onKeyDown={onKeyDown}
        onBlur={() => setText("")}
        keepOpen
        ltr
        placeholder={full ? t("models_full") : t("models_add")}
        chips={models.map((model) => (
          <Chip key={model} ltr removeLabel={t("remove_model", { model })} onRemove={models.length > 1 ? () => onChange(models.filter((other) => other !== model)) : undefined}>
            <span className="font-mono text-xs">{model}</span>
          </Chip>
        ))}
      />
    </Field>
  );
}
