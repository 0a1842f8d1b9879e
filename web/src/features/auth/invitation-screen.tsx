"use client";

import { Building2, Link2Off, UserRoundX } from "lucide-react";
import { useEffect, useState } from "react";

import { FormError } from "@/components/form-error";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { Skeleton } from "@/components/ui/skeleton";
import { api } from "@/lib/api/client";
import { toApiError, type ApiError } from "@/lib/api/problem";
import type { InvitationPreview } from "@/lib/api/schema";
import { useFormatter, useT } from "@/lib/i18n";
import { Link, useLinkToken } from "@/lib/nav";

import { joinByInvitation, useInvitation } from "./invitation";
import { Notice } from "./notice";
import { invitationNext, withNext } from "./use-after-sign-in";

/** The e-mail of who is signed in; null for nobody, undefined until it is known. */
function useSignedIn(): [string | null | undefined, (email: string | null) => void] {
  const [email, setEmail] = useState<string | null>();
  useEffect(() => {
    let current = true;
    api.GET("/v1/auth/me").then(({ data }) => data?.email ?? null, () => null).then((told) => {
      if (current) setEmail(told);
    });
    return () => {
      current = false;
    };
  }, []);
  return [email, setEmail];
}

function Gone() {
  const t = useT("recover.invitation");
  return (
    <Notice icon={Link2Off} tone="warning" title={t("gone_title")} action={<Button asChild size="lg"><Link href="/">{t("home")}</Link></Button>}>
      {t("gone_body")}
    </Notice>
  );
}

function Offer({ token, preview, signedIn, onSignedOut, onGone }: {
  token: string;
  preview: InvitationPreview;
  signedIn: string | null;
  onSignedOut: () => void;
  onGone: () => void;
}) {
  const t = useT("recover.invitation");
  const format = useFormatter();
  const reason = useReason();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (action: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await action();
    } catch (thrown) {
      const error = toApiError(thrown);
      if (error.status === 404) onGone();
      setProblem(reason(error));
      setBusy(false);
    }
  };
  // The app starts anew: what it knew was of another organisation.
  const accept = () => run(async () => {
    await joinByInvitation(token);
    window.location.assign("/");
  });
  const signOut = () => run(async () => {
    await api.POST("/v1/auth/logout");
    setBusy(false);
    onSignedOut();
  });

  if (signedIn !== null && signedIn !== preview.email) {
    return (
      <div className="grid gap-5">
        <FormError>{problem}</FormError>
        <Notice
          icon={UserRoundX}
          tone="warning"
          title={t("other_title")}
          action={(
            <>
              <Button size="lg" busy={busy} onClick={() => void signOut()}>{t("sign_out")}</Button>
              <Button asChild variant="ghost"><Link href="/">{t("stay")}</Link></Button>
            </>
          )}
        >
          <p className="break-words">{t("other_body", { invited: preview.email, current: signedIn })}</p>
        </Notice>
      </div>
    );
  }
  const next = invitationNext(token);
  return (
    <div className="grid gap-5">
      <FormError>{problem}</FormError>
      <Notice
        icon={Building2}
        title={t("title", { org: preview.org_name })}
        action={signedIn === null ? (
          <>
            <Button asChild size="lg"><Link href={withNext("/register", next)}>{t("register")}</Link></Button>
            <Button asChild size="lg" variant="secondary"><Link href={withNext("/login", next)}>{t("sign_in")}</Link></Button>
          </>
        ) : <Button size="lg" busy={busy} onClick={() => void accept()}>{t("accept")}</Button>}
      >
        <p className="break-words">{t("body", { inviter: preview.inviter_name, role: preview.role_name })}</p>
        <p className="break-words">{t("until", { email: preview.email, date: format.dateTime(new Date(preview.expires_at), { dateStyle: "long" }) })}</p>
      </Notice>
    </div>
  );
}

function Failed({ error }: { error: ApiError }) {
  const reason = useReason();
  return error.status === 404 || error.status === 422 ? <Gone /> : <FormError>{reason(error)}</FormError>;
}

function Invitation({ token }: { token: string | null }) {
  const { preview, error } = useInvitation(token);
  const [signedIn, setSignedIn] = useSignedIn();
  const [gone, setGone] = useState(false);
  if (token === "" || gone) return <Gone />;
  if (error) return <Failed error={error} />;
  if (!token || !preview || signedIn === undefined) {
    return (
      <div aria-busy="true" className="grid gap-5">
        <Skeleton className="size-12 rounded-2xl" />
        <Skeleton className="h-28" />
        <Skeleton className="h-11" />
      </div>
    );
  }
  return <Offer token={token} preview={preview} signedIn={signedIn} onSignedOut={() => setSignedIn(null)} onGone={() => setGone(true)} />;
}

/** Where the link of an invitation leads: to join, or first to an account that has the invited address. */
export function InvitationScreen() {
  const token = useLinkToken();
  return <Invitation key={token} token={token} />;
}
