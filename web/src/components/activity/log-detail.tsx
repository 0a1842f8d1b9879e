"use client";

import { ListFilter, UserRound } from "lucide-react";
import type { ReactNode } from "react";

import { Button } from "@/components/ui/button";
import type { Activity } from "@/lib/api/schema";
import { useFormat } from "@/lib/format";
import { useT } from "@/lib/i18n";
import type { QueryPatch } from "@/lib/nav";

import { useActionTexts } from "./actions";
import { useWho } from "./use-who";

const facts = "grid grid-cols-[repeat(auto-fill,minmax(11rem,1fr))] gap-x-6 gap-y-3 tabular-nums";

function Fact({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-0.5">
      <dt className="text-xs text-muted-foreground">{name}</dt>
      <dd className="min-w-0 text-[0.8125rem] [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

/** A value of the details as it stands there; texts without their quotes. */
function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Facts({ entry }: { entry: Activity }) {
  const t = useT("activity.detail");
  const tHow = useT("activity.how");
  const who = useWho();
  const { actionName } = useActionTexts();
  const { exact, number } = useFormat();
  return (
    <dl className={facts}>
      <Fact name={t("when")}>{exact(entry.created_at)}</Fact>
      <Fact name={t("who")}><bdi>{who(entry)}</bdi></Fact>
      <Fact name={t("action")}>{actionName(entry.action)} {actionName(entry.action) === entry.action ? null : <code dir="ltr" className="text-muted-foreground">{entry.action}</code>}</Fact>
      {entry.ip ? <Fact name={t("address")}><code dir="ltr">{entry.ip}</code></Fact> : null}
      {entry.credential ? <Fact name={t("how")}>{tHow(entry.credential)}</Fact> : null}
      {entry.key_id ? <Fact name={t("key")}><code dir="ltr">{entry.key_id}</code></Fact> : null}
      <Fact name={t("seq")}>{entry.seq === null ? t("unchained") : number(entry.seq)}</Fact>
      <Fact name={t("id")}><code dir="ltr">{entry.id}</code></Fact>
    </dl>
  );
}

/** Everything the log holds of an entry, and what leads to those like it. */
export function LogDetail({ entry, onFilter }: { entry: Activity; onFilter: (patch: QueryPatch) => void }) {
  const t = useT("activity.detail");
  const details = Object.entries(entry.details);
  return (
    <div className="grid animate-fade gap-4 grid-cols-[minmax(0,1fr)] px-4 pt-2 pb-5 sm:ps-13 sm:pe-5">
      <Facts entry={entry} />
      {details.length ? (
        <section className="grid gap-1.5">
          <h2 className="text-xs font-medium text-muted-foreground">{t("details")}</h2>
          <dl className={facts}>
            {details.map(([name, value]) => <Fact key={name} name={<code dir="ltr">{name}</code>}><bdi>{shown(value)}</bdi></Fact>)}
          </dl>
        </section>
      ) : null}
      <div className="flex flex-wrap items-center gap-2">
        {entry.user_id ? <Button size="sm" variant="secondary" onClick={() => onFilter({ who: entry.user_id })}><UserRound />{t("only_person")}</Button> : null}
        <Button size="sm" variant="secondary" onClick={() => onFilter({ action: entry.action })}><ListFilter />{t("only_action")}</Button>
      </div>
    </div>
  );
}
