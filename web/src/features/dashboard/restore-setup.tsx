"use client";

import { Button } from "@/components/ui/button";
import type { Dashboard } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useUi } from "@/lib/store";

import { SETUP_STEPS, setupOf } from "./figures";

/** Brings the list back after it was hidden. */
export function RestoreSetup({ setup }: { setup: Dashboard["setup"] }) {
  const t = useT("dashboard.setup");
  const hidden = useUi((state) => state.setupHidden);
  const setHidden = useUi((state) => state.setSetupHidden);
  const { count, complete } = setupOf(setup);
  if (complete || !hidden) return null;
  return <Button variant="ghost" size="sm" className="mt-6 text-muted-foreground" onClick={() => { setHidden(false); window.scrollTo({ top: 0 }); }}>{t("restore", { done: count, total: SETUP_STEPS.length })}</Button>;
}
