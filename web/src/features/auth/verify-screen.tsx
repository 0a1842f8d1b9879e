"use client";

import { CircleCheck, MailQuestionMark } from "lucide-react";
import { useState } from "react";

import { FormError } from "@/components/form-error";
import { useReason } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { api } from "@/lib/api/client";
import { toApiError } from "@/lib/api/problem";
import { useT } from "@/lib/i18n";
import { Link, useLinkToken } from "@/lib/nav";

import { LinkProblem, linkFault, type LinkFault } from "./link-problem";
import { Notice } from "./notice";

function Verify({ token }: { token: string | null }) {
  const t = useT("recover.verify");
  const reason = useReason();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [fault, setFault] = useState<LinkFault | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  const confirm = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await api.POST("/v1/auth/verify-email", { body: { token: token ?? "" } });
      setDone(true);
    } catch (thrown) {
      const error = toApiError(thrown);
      setFault(linkFault(error));
      setProblem(error.code === "email_taken" ? t("taken") : reason(error));
    }
    setBusy(false);
  };

  if (done) {
    return (
      <Notice icon={CircleCheck} tone="success" title={t("done_title")} action={<Button asChild size="lg"><Link href="/">{t("go_on")}</Link></Button>}>
        {t("done_body")}
      </Notice>
    );
  }
  const wrong = fault ?? (token === "" ? "unknown" : null);
  if (wrong) return <LinkProblem fault={wrong} action={<Button asChild size="lg"><Link href="/settings">{t("another")}</Link></Button>} />;
  return (
    <div className="grid gap-5">
      <FormError>{problem}</FormError>
      <Notice first icon={MailQuestionMark} title={t("title")} action={<Button size="lg" busy={busy} onClick={() => void confirm()}>{t("submit")}</Button>}>
        {t("body")}
      </Notice>
    </div>
  );
}

/**
 * Where the link of a mail leads that proves an address, the account's or its new one. It wants a click: what
 * follows links in mails by itself, to look for malice in them, proves nobody's address.
 */
export function VerifyScreen() {
  const token = useLinkToken();
  return <Verify key={token} token={token} />;
}
