"use client";

import { useMemo } from "react";

import { $api } from "@/lib/api/query";
import type { Provider } from "@/lib/api/schema";

export interface ModelGroup {
  provider: Provider;
  /** Its models, without the provider's name. */
  models: string[];
}

export interface ModelChoices {
  groups: ModelGroup[];
  /** What an agent without a choice of its own uses. */
  fallback: Provider | undefined;
  loading: boolean;
  /** Titles of providers whose own list could not be had. */
  stale: string[];
}

export interface ModelName {
  provider: string;
  model: string;
}

/** "openai/gpt-4o-mini" in two; the model's part may hold slashes. */
export function splitModel(id: string): ModelName {
  const slash = id.indexOf("/");
  return slash < 0 ? { provider: "", model: id } : { provider: id.slice(0, slash), model: id.slice(slash + 1) };
}

const FRESH_MS = 60_000;

/** Providers with the models that can be used now. */
export function useModelChoices(): ModelChoices {
  const providers = $api.useQuery("get", "/v1/providers", {}, { staleTime: FRESH_MS });
  const models = $api.useQuery("get", "/v1/models", {}, { staleTime: FRESH_MS });
  return useMemo(() => {
    const all = providers.data?.data ?? [];
    const listed = (models.data?.data ?? []).map(({ id }) => splitModel(id));
    const groups = all.map((provider) => ({
      provider,
      models: provider.configured ? listed.filter((one) => one.provider === provider.id).map(({ model }) => model) : [],
    }));
    return {
      groups,
      fallback: all.find((provider) => provider.is_default),
      loading: providers.isPending || models.isPending,
      stale: (models.data?.errors ?? []).map(({ provider }) => all.find(({ id }) => id === provider)?.title ?? provider),
    };
  }, [providers.data, providers.isPending, models.data, models.isPending]);
}
