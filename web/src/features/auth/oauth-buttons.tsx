"use client";

import { ProviderIcon } from "@/components/provider-icon";
import { Button } from "@/components/ui/button";
import type { SignInProvider } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Where a visit to a provider begins; it comes back to `next`, a path of this site. */
export function oauthHref(provider: string, next: string): string {
  const path = `/v1/auth/oauth/${encodeURIComponent(provider)}`;
  return next === "/" ? path : `${path}?next=${encodeURIComponent(next)}`;
}

/** The identity providers that are configured, below a form. */
export function OAuthButtons({ providers, next }: { providers: readonly SignInProvider[]; next: string }) {
  const t = useT("auth.oauth");
  if (!providers.length) return null;
  return (
    <div className="grid gap-3">
      <p className="flex items-center gap-3 text-xs text-muted-foreground">
        <span aria-hidden="true" className="grow border-t" />{t("or")}<span aria-hidden="true" className="grow border-t" />
      </p>
      {providers.map(({ id, name }) => (
        <Button key={id} asChild variant="secondary" size="lg">
          {/* The server leads on to the provider, so this is no page of ours. */}
          <a href={oauthHref(id, next)}><ProviderIcon provider={id} />{t("continue", { provider: name })}</a>
        </Button>
      ))}
    </div>
  );
}
