"use client";

import { useDeferredValue, useId, useState } from "react";

import { Checkbox } from "@/components/ui/checkbox";
import { Input } from "@/components/ui/input";
import { ScrollRegion } from "@/components/ui/scroll-region";
import { Skeleton } from "@/components/ui/skeleton";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";

const OFFERED = 100;

/** Names of agents by id, of those one sees. */
export function useAgentNames(wanted: boolean): ReadonlyMap<string, string> | undefined {
  const list = $api.useQuery("get", "/v1/agents", { params: { query: { limit: OFFERED, sort: "name" } } }, { enabled: wanted, staleTime: 60_000 });
  return list.data ? new Map(list.data.data.map(({ id, name }) => [id, name])) : undefined;
}

/** Some of the agents that can be called. What is chosen stays on top of what is searched for. */
export function AgentPicker({ chosen, onChange }: { chosen: readonly string[]; onChange: (chosen: string[]) => void }) {
  const t = useT("keys");
  const id = useId();
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const names = useAgentNames(true);
  const found = $api.useQuery("get", "/v1/agents", { params: { query: { limit: OFFERED, status: "published", sort: "name", ...(q ? { q } : {}) } } }, { placeholderData: (before) => before });
  const offered = new Map((found.data?.data ?? []).map((agent) => [agent.id, agent.name]));
  const rows = [...chosen.filter((one) => !offered.has(one)), ...offered.keys()];
  const toggle = (one: string) => onChange(chosen.includes(one) ? chosen.filter((other) => other !== one) : [...chosen, one]);
  return (
    <div className="grid gap-2">
      <Input type="search" value={typed} onChange={(event) => setTyped(event.target.value)} aria-label={t("agents_search")} placeholder={t("agents_search")} />
      <ScrollRegion label={t("agents")} className="max-h-44 rounded-lg border">
        <ul className="grid gap-0.5 p-1.5">
          {found.isPending ? <li aria-busy="true"><Skeleton className="h-8 w-full" /></li> : null}
          {rows.map((one) => (
            <li key={one}>
              <label htmlFor={`${id}-${one}`} className="flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 text-sm hover:bg-muted">
                <Checkbox id={`${id}-${one}`} checked={chosen.includes(one)} onCheckedChange={() => toggle(one)} />
                <bdi className="min-w-0 truncate">{offered.get(one) ?? names?.get(one) ?? t("agents_unknown")}</bdi>
              </label>
            </li>
          ))}
          {found.data && rows.length === 0 ? <li className="px-2.5 py-1.5 text-sm text-muted-foreground">{t("agents_none")}</li> : null}
        </ul>
      </ScrollRegion>
      <p role="status" className="text-[0.8125rem] text-muted-foreground">{t("agents_chosen", { count: chosen.length })}</p>
    </div>
  );
}
