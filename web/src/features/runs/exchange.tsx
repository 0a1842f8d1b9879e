"use client";

import { Bot, UserRound } from "lucide-react";
import type { ReactNode } from "react";

import { Markdown } from "@/components/chat/markdown";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { ScrollRegion } from "@/components/ui/scroll-region";
import { Segmented } from "@/components/ui/segmented";
import { Spinner } from "@/components/ui/spinner";
import type { Run } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";
import type { LiveRun } from "@/lib/run-stream";

type View = "formatted" | "raw";

function Part({ icon, title, actions, children }: { icon: ReactNode; title: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="px-5 py-4">
      <div className="mb-2 flex min-h-8 flex-wrap items-center justify-between gap-2">
        <h2 className="flex items-center gap-2 text-[0.8125rem] font-medium text-muted-foreground [&_svg]:size-4">{icon}{title}</h2>
        <div className="flex items-center gap-1">{actions}</div>
      </div>
      {children}
    </section>
  );
}

function Plain({ text }: { text: string }) {
  return <p dir="auto" className="leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>;
}

function Raw({ text }: { text: string }) {
  return <pre dir="auto" className="overflow-x-auto rounded-lg bg-muted p-3.5 font-mono text-[0.8125rem] leading-relaxed whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</pre>;
}

function Nothing({ children }: { children: ReactNode }) {
  return <p className="text-sm text-muted-foreground">{children}</p>;
}

function Question({ run }: { run: Run }) {
  const t = useT("runs.detail");
  const tCore = useT("core");
  return (
    <Part
      icon={<UserRound aria-hidden="true" />}
      title={t("question")}
      actions={run.input_text ? <CopyButton text={run.input_text} label={t("copy_question")} copiedLabel={tCore("copied")} /> : null}
    >
      {run.input_text ? <ScrollRegion label={t("question")} className="-mx-2 max-h-80 rounded-md px-2"><Plain text={run.input_text} /></ScrollRegion> : <Nothing>{t("no_question")} {run.kind === "generate" ? null : t("not_stored")}</Nothing>}
    </Part>
  );
}

/** What there is of the answer: the stored one, or what has come so far. */
function answerOf(run: Run, live: LiveRun | null): string {
  return run.output_text ?? live?.text ?? "";
}

function Body({ run, live, view }: { run: Run; live: LiveRun | null; view: View }) {
  const t = useT("runs.detail");
  const text = answerOf(run, live);
  if (text !== "") return view === "raw" ? <Raw text={text} /> : <Markdown text={text} />;
  if (run.status === "running") {
    return <p className="flex items-center gap-2.5 text-sm text-muted-foreground"><Spinner className="size-4" />{t(live?.phase === "streaming" ? "answering" : "waiting")}</p>;
  }
  return <Nothing>{t("no_answer")} {run.kind === "generate" ? null : t("not_stored")}</Nothing>;
}

function Note({ run }: { run: Run }) {
  const t = useT("runs.detail");
  if (run.status === "cancelled") return <p className="mt-3 text-[0.8125rem] text-muted-foreground">{t("cancelled_note")}</p>;
  if (run.finish_reason === "length") return <p className="mt-3 text-[0.8125rem] text-warning">{t("length_note")}</p>;
  if (run.finish_reason === "content_filter") return <p className="mt-3 text-[0.8125rem] text-warning">{t("filter_note")}</p>;
  return null;
}

function Answer({ run, live }: { run: Run; live: LiveRun | null }) {
  const t = useT("runs.detail");
  const tCore = useT("core");
  const [params, setParams] = useQueryState();
  const view: View = params.get("view") === "raw" ? "raw" : "formatted";
  const text = answerOf(run, live);
  const whole = run.status === "completed" || run.status === "running" || text === "";
  return (
    <Part
      icon={<Bot aria-hidden="true" />}
      title={t(whole ? "answer" : "partial_answer")}
      actions={text === "" ? null : (
        <>
          <Segmented<View>
            label={t("view")}
            value={view}
            onChange={(next) => setParams({ view: next === "raw" ? "raw" : null })}
            options={[{ value: "formatted", label: t("formatted") }, { value: "raw", label: t("raw") }]}
          />
          <CopyButton text={text} label={t("copy_answer")} copiedLabel={tCore("copied")} />
        </>
      )}
    >
      <div aria-busy={run.status === "running"}><Body run={run} live={live} view={view} /></div>
      <Note run={run} />
      <p role="status" className="sr-only">{live?.phase === "completed" ? t("finished") : ""}</p>
    </Part>
  );
}

/** What was asked and what came back, as it is stored, or as it comes. */
export function Exchange({ run, live }: { run: Run; live: LiveRun | null }) {
  return (
    <Card className="divide-y">
      <Question run={run} />
      <Answer run={run} live={live} />
    </Card>
  );
}
