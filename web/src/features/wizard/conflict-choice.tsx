"use client";

import { TriangleAlert } from "lucide-react";
import { useState } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";

import { agentToForm } from "./agent-form";
import { useWizard } from "./wizard-context";

/** Another device or tab saved meanwhile: whose version stays is asked, and nothing is lost until then. */
export function ConflictChoice() {
  const t = useT("wizard.conflict");
  const fail = useActionFailed();
  const { saver, form, agent } = useWizard();
  const [busy, setBusy] = useState(false);
  const latest = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id: agent.id } } }, { enabled: false });

  const decide = (mine: boolean) => async () => {
    setBusy(true);
    try {
      const { data } = await latest.refetch({ throwOnError: true });
      if (!data) return;
      if (mine) await saver.insist(data.draft_revision);
      else {
        form.reset(agentToForm(data));
        saver.accept(data.draft_revision);
      }
    } catch (thrown) {
      fail(thrown, t("failed"));
    } finally {
      setBusy(false);
    }
  };

  return (
    <div role="alert" className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-warning/30 bg-warning-soft px-4 py-2.5 text-sm md:px-6">
      <TriangleAlert aria-hidden="true" className="size-4.5 shrink-0 text-warning" />
      <div className="min-w-52 grow">
        <p className="font-medium">{t("title")}</p>
        <p className="text-[0.8125rem] text-muted-foreground">{t("body")}</p>
      </div>
      <div className="flex gap-2">
        <Button size="sm" variant="secondary" busy={busy} onClick={decide(false)}>{t("theirs")}</Button>
        <Button size="sm" busy={busy} onClick={decide(true)}>{t("mine")}</Button>
      </div>
    </div>
  );
}
