"use client";

import { useEffect, useRef, useState } from "react";

import { FormError } from "@/components/form-error";
import { ProviderIcon } from "@/components/provider-icon";
import { Button } from "@/components/ui/button";
import { Spinner } from "@/components/ui/spinner";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import type { Me, SignInProvider } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { useReason } from "./use-reason";

const FEATURES = "popup,width=520,height=720";

/** The page that such a window ends at: it closes itself. */
export const CONFIRMED = "/confirmed";

const LOOK_EVERY_MS = 1_500;

/** Who is signed in, asked now and then while somebody is in the other window; an error is no answer. */
function useLook(active: boolean, onSeen: (me: Me) => void): void {
  const seen = useRef(onSeen);
  useEffect(() => {
    seen.current = onSeen;
  });
  useEffect(() => {
    if (!active) return undefined;
    let current = true;
    const timer = setInterval(() => {
      api.GET("/v1/auth/me").then(({ data }) => {
        if (current && data) seen.current(data);
      }, () => undefined);
    }, LOOK_EVERY_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [active]);
}

/**
 * Buttons that send somebody to an identity provider in a window of its own, so that this one stays as it is.
 * `begin` returns where to; `onSeen` is told again and again who is signed in here meanwhile.
 */
export function Elsewhere({ providers, begin, onSeen }: {
  providers: readonly SignInProvider[];
  begin: (provider: string) => Promise<string>;
  onSeen: (me: Me) => void;
}) {
  const t = useT("core.reauth");
  const reason = useReason();
  const [waiting, setWaiting] = useState<{ provider: SignInProvider; url: string | null } | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useLook(waiting !== null, onSeen);

  const open = async (provider: SignInProvider) => {
    setProblem(null);
    setWaiting({ provider, url: null });
    // At once: a browser opens windows for clicks alone.
    const popup = window.open("about:blank", "agentgen-elsewhere", FEATURES);
    try {
      const url = await begin(provider.id);
      if (popup) popup.location.replace(url);
      setWaiting({ provider, url });
    } catch (thrown) {
      popup?.close();
      setWaiting(null);
      setProblem(reason(toApiError(thrown)));
    }
  };

  return (
    <div className="grid gap-2">
      <FormError>{problem}</FormError>
      {providers.map((provider) => (
        <Button key={provider.id} variant="secondary" onClick={() => void open(provider)}>
          <ProviderIcon provider={provider.id} />{t("with", { provider: provider.name })}
        </Button>
      ))}
      <p role="status" className="text-[0.8125rem] text-muted-foreground">
        {waiting ? (
          <span className="flex items-center gap-2">
            <Spinner className="size-4" />
            <span>
              {t("waiting", { provider: waiting.provider.name })}{" "}
              {waiting.url ? <a href={waiting.url} target="_blank" rel="noreferrer" className="font-medium text-primary hover:underline">{t("no_window")}</a> : null}
            </span>
          </span>
        ) : null}
      </p>
    </div>
  );
}
