"use client";

import { ScrollText, X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useController } from "react-hook-form";

import { Button } from "@/components/ui/button";
import { $api } from "@/lib/api/query";
import type { Prompt } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";

import { useWizard } from "../wizard-context";
import { Combobox, ComboGroup, ComboItem } from "./combobox";
import { FormField } from "./form-field";

const SHOWN = 20;
const EXCERPT = 120;

function titleOf({ name, prompt_text }: Pick<Prompt, "name" | "prompt_text">): string {
  return name || prompt_text.slice(0, EXCERPT);
}

function Chosen({ id, onClear }: { id: string; onClear: () => void }) {
  const t = useT("wizard.prompt_picker");
  const { data, error } = $api.useQuery("get", "/v1/prompts/{id}", { params: { path: { id } } }, { retry: false });
  return (
    <div className="flex items-start gap-3 rounded-lg border bg-muted/50 px-3.5 py-3">
      <ScrollText aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-muted-foreground" />
      <div className="grid min-w-0 grow gap-0.5">
        {error ? <p className="text-sm text-destructive">{t("gone")}</p> : (
          <>
            <Link href={`/prompts/${id}`} className="truncate text-sm font-medium hover:underline">{data ? titleOf(data) : t("loading")}</Link>
            {data ? <p dir="auto" className="line-clamp-2 text-[0.8125rem] text-muted-foreground">{data.prompt_text}</p> : null}
          </>
        )}
      </div>
      <Button variant="ghost" size="icon-sm" className="-m-1 text-muted-foreground" aria-label={t("clear")} title={t("clear")} onClick={onClear}><X /></Button>
    </div>
  );
}

/** What the server finds; asked for once the list is open. */
function usePrompts(q: string, enabled: boolean) {
  return $api.useQuery("get", "/v1/prompts", { params: { query: { limit: SHOWN, ...(q ? { q } : {}) } } }, { enabled });
}

function Choices({ q, onChoose }: { q: string; onChoose: (id: string) => void }) {
  const prompts = usePrompts(q, true);
  return (
    <ComboGroup>
      {(prompts.data?.data ?? []).map((prompt) => (
        <ComboItem key={prompt.id} value={prompt.id} onSelect={() => onChoose(prompt.id)}>
          <span className="grid min-w-0">
            <span dir="auto" className="truncate font-medium">{titleOf(prompt)}</span>
            {prompt.name ? <span dir="auto" className="truncate text-xs text-muted-foreground">{prompt.prompt_text.slice(0, EXCERPT)}</span> : null}
          </span>
        </ComboItem>
      ))}
    </ComboGroup>
  );
}

/** A saved prompt that comes before the instructions; the server searches. */
export function PromptPicker() {
  const t = useT("wizard.prompt_picker");
  const { form } = useWizard();
  const { field } = useController({ control: form.control, name: "config.prompt_id" });
  const [query, setQuery] = useState("");
  const q = useDeferredValue(query.trim());
  const prompts = usePrompts(q, false);
  const choose = (id: string) => field.onChange(id);
  return (
    <FormField path="config.prompt_id" label={t("label")} hint={t("hint")}>
      {field.value ? <Chosen id={field.value} onClear={() => choose("")} /> : (
        <Combobox
          label={t("label")}
          current={t("none")}
          shown={<span className="text-muted-foreground">{t("none")}</span>}
          placeholder={t("search")}
          empty={prompts.isPending ? t("loading") : t("empty")}
          searches={setQuery}
        >
          {({ close }) => <Choices q={q} onChoose={(id) => { choose(id); close(); }} />}
        </Combobox>
      )}
    </FormField>
  );
}
