"use client";

import { CircleAlert, CircleStop, Hourglass, Play, RotateCw, Scissors, Unplug } from "lucide-react";
import { memo, useCallback, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";

import { useWaitText } from "@/components/shell/use-reason";
import { Button } from "@/components/ui/button";
import { useSeconds } from "@/lib/clock";
import { cn } from "@/lib/cn";
import type { ChatActions, ShownTurn, Turn } from "@/lib/chat";
import { useT } from "@/lib/i18n";

import { isComposing } from "./keys";
import { Markdown } from "./markdown";
import { MessageActions } from "./message-actions";
import { Metrics } from "./metrics";

export interface MessageProps {
  shown: ShownTurn;
  /** Keep it the same object between renders: rows compare it. */
  actions: ChatActions;
  /** The last one shows its controls without being pointed at. */
  last?: boolean | undefined;
}

/** Shown where a pointer or the focus is; always where nothing can hover. */
const ON_DEMAND = "[@media(hover:hover)]:opacity-0 transition-opacity group-hover/turn:opacity-100 group-focus-within/turn:opacity-100";

function Thinking() {
  const t = useT("chat");
  return (
    <p className="flex h-7 items-center gap-2.5 text-muted-foreground">
      <span aria-hidden="true" className="size-2 animate-pulse-soft rounded-full bg-primary" />
      {t("thinking")}
    </p>
  );
}

function Note({ icon, children }: { icon: ReactNode; children: ReactNode }) {
  return <p className="flex items-center gap-1.5 text-xs text-muted-foreground [&_svg]:size-3.5">{icon}{children}</p>;
}

/** Why the answer is not whole, where nothing failed. */
function Incomplete({ turn: { status, finishReason } }: { turn: Turn }) {
  const t = useT("chat");
  if (status === "stopped") return <Note icon={<CircleStop aria-hidden="true" />}>{t("stopped")}</Note>;
  if (finishReason !== "length" && finishReason !== "content_filter") return null;
  return <Note icon={<Scissors aria-hidden="true" />}>{t(`finish.${finishReason}`)}</Note>;
}

const TOLD_IN_WORDS = new Set(["connection_lost", "malformed_reply", "network"]);

/** Why a turn failed, in words. */
export function useFailureText(): (turn: Turn) => string {
  const t = useT("chat.error");
  const wait = useWaitText();
  return useCallback(({ status, error }: Turn) => {
    if (error?.retryAt) return wait(error.retryAt);
    if (status === "lost") return t("connection_lost");
    if (error?.code === "malformed_reply") return t("malformed_reply");
    if (error?.code === "network") return t("offline");
    return error?.message || t("failed");
  }, [t, wait]);
}

/** Too much was asked for: counts down to when asking again makes sense. */
function Limited({ turn, retryAt, actions: { retry } }: { turn: Turn; retryAt: number; actions: ChatActions }) {
  const t = useT("chat.actions");
  const wait = useWaitText();
  const now = useSeconds();
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border border-warning/30 bg-warning-soft/60 px-3.5 py-2.5">
      <Hourglass aria-hidden="true" className="size-4.5 shrink-0 text-warning" />
      <p className="min-w-56 flex-1 text-sm tabular-nums">{wait(retryAt, now)}</p>
      {retry ? <Button size="sm" variant="secondary" disabled={now < retryAt} onClick={() => retry(turn.id)}><RotateCw />{t("retry")}</Button> : null}
    </div>
  );
}

function Failure({ turn, actions: { retry, resume } }: { turn: Turn; actions: ChatActions }) {
  const t = useT("chat");
  const text = useFailureText();
  const lost = turn.status === "lost";
  const Icon = lost ? Unplug : CircleAlert;
  const { code = "", requestId = null } = turn.error ?? {};
  return (
    <div className={cn("flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl border px-3.5 py-2.5", lost ? "border-warning/30 bg-warning-soft/60" : "border-destructive/30 bg-destructive-soft/60")}>
      <Icon aria-hidden="true" className={cn("size-4.5 shrink-0", lost ? "text-warning" : "text-destructive")} />
      <div className="grid min-w-56 flex-1 gap-0.5">
        <p className="text-sm break-words"><bdi>{text(turn)}</bdi></p>
        <p className="flex flex-wrap gap-x-3 font-mono text-xs break-all text-muted-foreground">
          {TOLD_IN_WORDS.has(code) ? null : <bdi>{code}</bdi>}
          {requestId ? <bdi>{t("error.request", { id: requestId })}</bdi> : null}
        </p>
      </div>
      <div className="flex gap-2">
        {resume && turn.resumable ? <Button size="sm" variant="secondary" onClick={() => resume(turn.id)}><Play className="rtl:-scale-x-100" />{t("actions.resume")}</Button> : null}
        {retry ? <Button size="sm" variant="secondary" onClick={() => retry(turn.id)}><RotateCw />{t("actions.retry")}</Button> : null}
      </div>
    </div>
  );
}

function Answer({ shown, actions, last }: MessageProps) {
  const t = useT("chat");
  const { turn } = shown;
  const underWay = turn.status === "waiting" || turn.status === "streaming";
  const failed = turn.status === "failed" || turn.status === "lost";
  const retryAt = turn.error?.retryAt;
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2">
      {turn.text === "" ? null : <Markdown text={turn.text} />}
      {underWay && turn.text === "" ? <Thinking /> : null}
      {turn.status === "done" && turn.text === "" ? <p className="text-muted-foreground italic">{t("empty_answer")}</p> : null}
      {failed && retryAt ? <Limited turn={turn} retryAt={retryAt} actions={actions} /> : null}
      {failed && !retryAt ? <Failure turn={turn} actions={actions} /> : null}
      {failed ? null : <Incomplete turn={turn} />}
      {/* Its room is there from the start, so that nothing moves when the answer ends. */}
      <div className={cn("-ms-2 flex min-h-8 flex-wrap items-center gap-x-0.5 gap-y-1", underWay && "invisible", !last && ON_DEMAND)}>
        {underWay ? null : (
          <>
            <MessageActions shown={shown} actions={actions} />
            {turn.metrics ? <Metrics metrics={turn.metrics} model={turn.model} cached={turn.cached} className="ps-2" /> : null}
          </>
        )}
      </div>
    </div>
  );
}

function EditForm({ text, onSend, onCancel }: { text: string; onSend: (text: string) => void; onCancel: () => void }) {
  const t = useT("chat.actions");
  const [value, setValue] = useState(text);
  const area = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = area.current;
    if (!element) return;
    element.focus();
    element.setSelectionRange(element.value.length, element.value.length);
  }, []);
  const send = () => {
    if (value.trim() !== "") onSend(value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  return (
    <div className="ms-auto mb-8 grid w-full max-w-[42rem] gap-2 rounded-2xl border border-ring/50 bg-card p-2 ps-4 shadow-card">
      <textarea
        ref={area}
        dir="auto"
        value={value}
        aria-label={t("edit_label")}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={onKeyDown}
        className="field-sizing-content max-h-80 min-h-14 w-full resize-none bg-transparent pt-1.5 outline-none"
      />
      <div className="flex justify-end gap-2">
        <Button size="sm" variant="ghost" onClick={onCancel}>{t("edit_cancel")}</Button>
        <Button size="sm" onClick={send} disabled={value.trim() === ""}>{t("edit_send")}</Button>
      </div>
    </div>
  );
}

function Said({ shown, actions, last }: MessageProps) {
  const [editing, setEditing] = useState(false);
  const { turn } = shown;
  const { edit } = actions;
  if (editing && edit) {
    const send = (text: string) => {
      setEditing(false);
      edit(turn.id, text);
    };
    return <EditForm text={turn.text} onSend={send} onCancel={() => setEditing(false)} />;
  }
  return (
    <div className="grid min-w-0 justify-items-end gap-1">
      {/* The bubble's corner belongs to the page's direction, the text has its own. */}
      <div className="max-w-[85%] rounded-2xl rounded-ee-md bg-muted px-4 py-2.5">
        <p dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">{turn.text}</p>
      </div>
      <div className={cn("-me-2 flex min-h-8 items-center gap-0.5", !last && ON_DEMAND)}>
        <MessageActions shown={shown} actions={actions} onEdit={edit ? () => setEditing(true) : undefined} />
      </div>
    </div>
  );
}

/** One turn: what was said in a soft bubble, what was answered as open text, each with its controls. */
export const Message = memo(function Message(props: MessageProps) {
  return (
    <div className="group/turn min-w-0">
      {props.shown.turn.role === "user" ? <Said {...props} /> : <Answer {...props} />}
    </div>
  );
});
