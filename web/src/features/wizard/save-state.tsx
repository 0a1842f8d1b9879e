"use client";

import { Check, CloudAlert, CloudOff, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";

import { Spinner } from "@/components/ui/spinner";
import { Tooltip } from "@/components/ui/tooltip";
import { cn } from "@/lib/cn";
import { useAgo } from "@/lib/format";
import { useT } from "@/lib/i18n";
import { useOnline } from "@/lib/platform";

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

const ConflictChoice = lazy(() => import("./conflict-choice").then((module) => ({ default: module.ConflictChoice })));

/** Stands over the form while two versions of it want to be the one. */
export function ConflictBar() {
  const { saver } = useWizard();
  const { state } = useSaveSnapshot(saver);
  return state === "conflict" ? <Suspense><ConflictChoice /></Suspense> : null;
}
