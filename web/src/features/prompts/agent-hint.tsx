"use client";

import { Bot } from "lucide-react";

import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { CopyButton } from "@/components/ui/copy-button";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

/** How a saved prompt gets into an agent: by choosing it, or by its id. */
export function AgentHint({ id }: { id: string | null }) {
  const t = useT("prompts.hint");
  const tCore = useT("core");
  const setting = `"prompt_id": "${id ?? ""}"`;
  return (
    <Card className="grid grid-cols-[minmax(0,1fr)] gap-3 p-5">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="grid min-w-0 grow basis-64 gap-0.5">
          <h2 className="text-sm font-semibold">{t("title")}</h2>
          <p className="text-[0.8125rem] text-muted-foreground">{id ? t("body") : t("save_first")}</p>
        </div>
        {id ? <Button asChild variant="secondary" size="sm"><Link href="/agents/new"><Bot aria-hidden="true" />{tCore("nav.new_agent")}</Link></Button> : null}
      </div>
      {id ? (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
          <span className="text-xs text-muted-foreground">{t("by_api")}</span>
          <span dir="ltr" className="flex items-center gap-1 rounded-lg bg-muted ps-3">
            <code className="min-w-0 grow truncate py-2 font-mono text-xs" title={setting}>{setting}</code>
            <CopyButton text={setting} label={tCore("copy")} copiedLabel={tCore("copied")} />
          </span>
        </div>
      ) : null}
    </Card>
  );
}
