"use client";

import { MailWarning, X } from "lucide-react";

import { Button } from "@/components/ui/button";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { useUi } from "@/lib/store";

/**
 * Reminds who has not proved their address; once it is closed, this browser does not say it again of that account.
 * It stands where there is room below the navigation: nothing moves when it comes.
 */
export function VerifyReminder({ onFollow }: { onFollow?: () => void }) {
  const t = useT("core");
  const me = useMe();
  const hiddenFor = useUi((state) => state.verifyHiddenFor);
  const hideFor = useUi((state) => state.hideVerifyFor);
  if (!me || me.email_verified || hiddenFor === me.id) return null;
  return (
    <section aria-label={t("verify.label")} className="flex items-start gap-2 rounded-lg bg-warning-soft py-2 ps-2.5 pe-1 text-[0.8125rem]">
      <MailWarning aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-warning" />
      <p className="min-w-0 grow">
        {t("verify.banner")}{" "}
        <Link href="/settings" onClick={onFollow} className="font-medium underline underline-offset-2">{t("verify.action")}</Link>
      </p>
      <Button variant="ghost" size="icon-sm" className="-mt-1 size-7" aria-label={t("dismiss")} onClick={() => hideFor(me.id)}><X /></Button>
    </section>
  );
}
