"use client";

import { ChevronDown } from "lucide-react";
import { useId } from "react";

import { RelativeTime } from "@/components/ui/relative-time";
import type { Activity } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { iconOf, isGrave, useActionTexts } from "./actions";
import { LogDetail } from "./log-detail";
import { useWho } from "./use-who";

/** One entry: a line that opens to everything the log holds of it. */
export function LogRow({ entry, open, onToggle, onFilter }: { entry: Activity; open: boolean; onToggle: () => void; onFilter: (patch: QueryPatch) => void }) {
  const t = useT("activity.how");
  const who = useWho();
  const { actionName } = useActionTexts();
  const detailId = useId();
  const Icon = iconOf(entry.action);
  return (
    <li className={cn("transition-colors", open && "bg-muted/30")}>
      <button
        type="button"
        aria-expanded={open}
        aria-controls={open ? detailId : undefined}
        onClick={onToggle}
        className="grid w-full grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-3 text-start hover:bg-muted/50 focus-visible:-outline-offset-2 sm:px-5"
      >
        <span className="row-span-2 grid size-5 place-items-center self-start">
          <Icon aria-hidden="true" className={cn("size-4", isGrave(entry.action) ? "text-destructive" : "text-muted-foreground")} />
        </span>
        <span className="truncate text-sm font-medium">{actionName(entry.action)}</span>
        <span className="flex items-center gap-2 text-xs text-muted-foreground">
          <RelativeTime value={entry.created_at} />
          <ChevronDown aria-hidden="true" className={cn("size-4 transition-transform", open && "rotate-180")} />
        </span>
        <span className="col-span-2 col-start-2 flex min-w-0 flex-wrap items-center gap-x-1.5 text-[0.8125rem] text-muted-foreground">
          <span dir="auto" className="clip">{who(entry)}</span>
          {entry.credential ? <><span aria-hidden="true">·</span><span>{t(entry.credential)}</span></> : null}
          {entry.ip ? <><span aria-hidden="true">·</span><bdi dir="ltr" className="font-mono text-xs">{entry.ip}</bdi></> : null}
        </span>
      </button>
      {open ? <div id={detailId}><LogDetail entry={entry} onFilter={onFilter} /></div> : null}
    </li>
  );
}
