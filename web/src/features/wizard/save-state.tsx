"use client";

import { Check, CloudAlert, CloudOff, TriangleAlert } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Spinner } from "@/components/ui/spinner";
import { Tooltip } from "@/components/ui/tooltip";
import { $api } from "@/lib/api/query";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useOnline } from "@/lib/platform";

import { agentToForm } from "./agent-form";
import type { SaveSnapshot, SaveState as State } from "./autosave";
import { useSaveSnapshot } from "./use-autosave";
import { useWizard } from "./wizard-context";

/** What is told aloud: trouble, and its end. Saving that works stays silent, or nobody could write in peace. */
function useAnnouncement({ state }: SaveSnapshot, words: (state: State) => string): string {
  const [text, setText] = useState("");
  const troubled = useRef(false);
  useEffect(() => {
    const trouble = state === "retrying" || state === "conflict" || state === "refused";
    if (trouble || (troubled.current && state === "saved")) setText(words(state));
    if (trouble) troubled.current = true;
    else if (state === "saved") troubled.current = false;
  }, [state, words]);
  return text;
}

function SavedAgo({ at }: { at: number }) {
  const t = useT("wizard.save");
  const { ago, exact } = useAgo(new Date(at).toISOString());
  return <span title={exact}>{t("saved_ago", { ago })}</span>;
}

/** Whether the server has what is on the screen. */
export function SaveState() {
  const t = useT("wizard.save");
  const { saver, agent } = useWizard();
  const snapshot = useSaveSnapshot(saver);
  const online = useOnline();
  const announcement = useAnnouncement(snapshot, t);
  const { state, savedAt, error } = snapshot;
  const trouble = state === "retrying" || state === "conflict" || state === "refused";
  const Icon = state === "saved" ? Check : !online ? CloudOff : state === "conflict" ? TriangleAlert : CloudAlert;
  const untouched = state === "saved" && !agent.has_draft;
  const words = state === "retrying" && !online ? t("offline") : t(state);
  return (
    <span className="flex min-w-0 items-center text-[0.8125rem] text-muted-foreground">
      <Tooltip label={untouched ? t("no_changes") : state === "saved" && savedAt !== null ? <SavedAgo at={savedAt} /> : error && !error.offline ? error.message : words}>
        <button
          type="button"
          className={cn("flex h-8 min-w-0 items-center gap-1.5 rounded-md px-2", trouble && "text-warning", state === "refused" && "text-destructive")}
          onClick={() => void saver.flush()}
          aria-label={untouched ? t("no_changes") : words}
        >
          {state === "saving" || state === "waiting" ? <Spinner className="size-3.5" /> : <Icon aria-hidden="true" className="size-3.5 shrink-0" />}
          <span className="hidden truncate sm:inline">{untouched ? t("no_changes") : words}</span>
        </button>
      </Tooltip>
      <span role="status" className="sr-only">{announcement}</span>
    </span>
  );
}

/** Another device or tab saved meanwhile: whose version stays is asked, and nothing is lost until then. */
export function ConflictBar() {
  const t = useT("wizard.conflict");
  const fail = useActionFailed();
  const { saver, form, agent } = useWizard();
  const { state } = useSaveSnapshot(saver);
  const [busy, setBusy] = useState(false);
  const latest = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id: agent.id } } }, { enabled: false });
  if (state !== "conflict") return null;

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
