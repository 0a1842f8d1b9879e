"use client";

import { CircleAlert, CircleCheck, FlaskConical, Plug } from "lucide-react";
import { useState } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { May } from "@/components/shell/may";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import type { Provider } from "@/lib/api/schema";
import { formatDuration } from "@/lib/format";
import { useFormatter, useT } from "@/lib/i18n";

function TestOutcome({ test }: { test: ReturnType<typeof useProviderTest> }) {
  const t = useT("settings.models");
  const format = useFormatter();
  if (test.error) return <p className="text-destructive">{toApiError(test.error).message}</p>;
  if (!test.data) return null;
  const { ok, model, latency_ms: latency, ttft_ms: ttft, error } = test.data;
  const Icon = ok ? CircleCheck : CircleAlert;
  return (
    <p className={ok ? "flex items-start gap-2 text-success" : "flex items-start gap-2 text-destructive"}>
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0 break-words">
        {ok ? `${t("ok", { model, latency: formatDuration(format, latency ?? 0) })} · ${t("first_token", { ttft: formatDuration(format, ttft ?? 0) })}` : `${t("failed")}: ${error?.message ?? ""}`}
      </span>
    </p>
  );
}

function useProviderTest() {
  return $api.useMutation("post", "/v1/providers/{provider}/test");
}

function ProviderTest({ provider }: { provider: Provider }) {
  const t = useT("settings.models");
  const test = useProviderTest();
  const [model, setModel] = useState(provider.default_model ?? provider.models[0] ?? "");
  const models = [...new Set([provider.default_model, ...provider.models].filter((name): name is string => Boolean(name)))];
  return (
    <div className="grid gap-3">
      <div className="flex flex-wrap items-center gap-2">
        <Select className="w-full sm:w-64" aria-label={t("model")} value={model} onChange={(event) => setModel(event.target.value)}>
          {models.map((name) => <option key={name} value={name}>{name}</option>)}
        </Select>
        <Button variant="secondary" busy={test.isPending} onClick={() => test.mutate({ params: { path: { provider: provider.id } }, body: { model } })}>
          {test.isPending ? t("testing") : test.data ? t("test_again") : t("test")}
        </Button>
      </div>
      <div role="status" className="text-sm"><TestOutcome test={test} /></div>
    </div>
  );
}

function SetUp({ setting }: { setting: string }) {
  const t = useT("settings.models");
  const tCore = useT("core");
  const command = `${setting}=… make run`;
  return (
    <div className="grid gap-2 text-sm">
      <p className="text-muted-foreground">{t("how_to", { setting })}</p>
      <div className="flex items-center justify-between gap-2 rounded-lg bg-muted ps-3 font-mono text-[0.8125rem]">
        <code className="min-w-0 truncate py-2" dir="ltr">{command}</code>
        <CopyButton text={command} label={tCore("copy")} copiedLabel={tCore("copied")} />
      </div>
    </div>
  );
}

function ProviderState({ provider }: { provider: Provider }) {
  const t = useT("settings.models");
  return (
    <span className="flex flex-wrap gap-1.5">
      {provider.is_default ? <Badge tone="primary">{t("default")}</Badge> : null}
      {provider.offline ? <Badge tone="outline">{t("offline")}</Badge> : null}
      <Badge tone={provider.configured ? "success" : "neutral"}>{t(provider.configured ? "configured" : "not_configured")}</Badge>
    </span>
  );
}

function ProviderCard({ provider }: { provider: Provider }) {
  const t = useT("settings.models");
  const Icon = provider.offline ? FlaskConical : Plug;
  return (
    <Card className="grid gap-4 p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="flex items-center gap-3">
          <span className="grid size-10 place-items-center rounded-xl bg-muted text-muted-foreground"><Icon aria-hidden="true" className="size-5" /></span>
          <div>
            <h2 className="font-semibold">{provider.title}</h2>
            <p className="text-sm text-muted-foreground">{provider.base_url_host ?? t("offline")}</p>
          </div>
        </div>
        <ProviderState provider={provider} />
      </div>
      {provider.offline ? <p className="text-sm text-muted-foreground">{t("offline_note")}</p> : null}
      {provider.configured ? <May permission="ai:run"><ProviderTest provider={provider} /></May> : null}
      {!provider.configured && provider.setting ? <SetUp setting={provider.setting} /> : null}
    </Card>
  );
}

export function ModelsSection() {
  const t = useT("settings.models");
  const providers = $api.useQuery("get", "/v1/providers");
  return (
    <section className="grid gap-4">
      <p className="max-w-2xl text-sm text-muted-foreground">{t("description")}</p>
      {providers.isPending ? [0, 1, 2].map((i) => <Skeleton key={i} className="h-40 rounded-xl" />) : null}
      {providers.error ? <ErrorCard error={providers.error} onRetry={() => void providers.refetch()} /> : null}
      {providers.data?.data.map((provider) => <ProviderCard key={provider.id} provider={provider} />)}
    </section>
  );
}
