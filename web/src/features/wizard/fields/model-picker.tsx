"use client";

import { KeyRound } from "lucide-react";
import type { ReactNode } from "react";

import { useT } from "@/lib/i18n";

import { Combobox, ComboGroup, ComboItem } from "./combobox";
import { splitModel, useModelChoices, type ModelChoices, type ModelName } from "./models";

/** A provider beside its model, as it is shown wherever one was chosen. */
export function ModelLabel({ provider, model }: ModelName) {
  return (
    <span className="flex min-w-0 items-baseline gap-2" dir="ltr">
      <span className="min-w-0 truncate font-mono text-[0.8125rem]">{model}</span>
      <span className="shrink-0 text-xs text-muted-foreground">{provider}</span>
    </span>
  );
}

/** What was typed as the name of a model that is on no list. */
function typedModel(query: string, { groups, fallback }: ModelChoices, current: ModelName): ModelName | null {
  const typed = splitModel(query);
  if (query.length < 2) return null;
  const known = groups.some(({ provider }) => provider.id === typed.provider);
  const named = known && typed.model ? typed : { provider: current.provider || fallback?.id || "", model: query };
  if (!named.provider) return null;
  const listed = groups.some(({ provider, models }) => provider.id === named.provider && models.includes(named.model));
  return listed ? null : named;
}

interface ModelPickerProps {
  label: string;
  value: ModelName;
  onChange: (value: ModelName) => void;
  /** Offers to leave the choice to the server. */
  withDefault?: boolean;
  /** Ids (`provider/model`) that are chosen elsewhere. */
  taken?: readonly string[];
  trigger?: ReactNode;
}

/** Every model that the server can use now, by provider; any other name can be typed. */
export function ModelPicker({ label, value, onChange, withDefault = false, taken = [], trigger }: ModelPickerProps) {
  const t = useT("wizard.model_picker");
  const choices = useModelChoices();
  const { groups, fallback, loading, stale } = choices;
  const chosen = value.provider || value.model;
  const standard = fallback ? t("default_is", { model: `${fallback.id}/${fallback.default_model}` }) : t("default");
  const ownDefault = groups.find(({ provider }) => provider.id === value.provider)?.provider.default_model;
  const shownModel = value.model || (ownDefault ?? "");

  return (
    <Combobox
      label={label}
      current={chosen ? `${value.provider}/${shownModel}` : standard}
      shown={chosen ? <ModelLabel provider={value.provider} model={shownModel} /> : <span className="truncate">{standard}</span>}
      placeholder={t("search")}
      empty={loading ? t("loading") : t("empty")}
      footer={stale.length ? t("stale", { providers: stale.join(", ") }) : undefined}
      trigger={trigger}
    >
      {({ query, close }) => {
        const pick = (name: ModelName) => () => {
          onChange(name);
          close();
        };
        const typed = typedModel(query, choices, value);
        return (
          <>
            {withDefault ? (
              <ComboGroup>
                <ComboItem value={`default ${standard}`} selected={!chosen} onSelect={pick({ provider: "", model: "" })}>{standard}</ComboItem>
              </ComboGroup>
            ) : null}
            {groups.map(({ provider, models }) => (
              <ComboGroup key={provider.id} heading={provider.title}>
                {models.filter((model) => !taken.includes(`${provider.id}/${model}`)).map((model) => (
                  <ComboItem
                    key={model}
                    value={`${provider.id}/${model} ${provider.title}`}
                    selected={value.provider === provider.id && shownModel === model}
                    onSelect={pick({ provider: provider.id, model })}
                  >
                    <span dir="ltr" className="min-w-0 truncate font-mono text-[0.8125rem]">{model}</span>
                  </ComboItem>
                ))}
                {provider.configured ? null : (
                  <ComboItem value={`${provider.id} ${provider.title} key`} disabled>
                    <KeyRound aria-hidden="true" className="size-4 shrink-0" />
                    <span className="text-[0.8125rem]">{t("no_key", { setting: provider.setting ?? "" })}</span>
                  </ComboItem>
                )}
              </ComboGroup>
            ))}
            {typed ? (
              <ComboGroup>
                <ComboItem value={`typed ${query}`} onSelect={pick(typed)}>
                  <span className="min-w-0 truncate">{t("use_typed", { model: `${typed.provider}/${typed.model}` })}</span>
                </ComboItem>
              </ComboGroup>
            ) : null}
          </>
        );
      }}
    </Combobox>
  );
}
