"use client";

import { Plus, SearchX } from "lucide-react";
import { useDeferredValue, useMemo, type ReactNode } from "react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Input } from "@/components/ui/input";
import { Skeleton } from "@/components/ui/skeleton";
import { Spinner } from "@/components/ui/spinner";
import { $api } from "@/lib/api/query";
import type { Template } from "@/lib/api/schema";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { useCategoryName } from "./categories";
import { templateIcon } from "./template-icons";
import { categoriesOf, findTemplates } from "./template-search";
import type { CreateDraft } from "./use-create-draft";

function Tile({ icon, title, text, tag, busy, dashed = false, onClick }: {
  icon: ReactNode;
  title: string;
  text: string;
  tag?: string;
  busy: boolean;
  dashed?: boolean;
  onClick: () => void;
}) {
  return (
    <li className="flex">
      <button
        type="button"
        onClick={onClick}
        aria-busy={busy || undefined}
        className={cn(
          "flex w-full flex-col items-start gap-3 rounded-xl border p-4 text-start transition-[border-color,box-shadow,background-color]",
          dashed ? "border-dashed border-input/70 hover:bg-muted/60" : "bg-card shadow-card hover:border-input hover:shadow-pop",
        )}
      >
        <span className="flex w-full items-center justify-between gap-2">
          <span className={cn("grid size-9 place-items-center rounded-lg [&_svg]:size-4.5", dashed ? "bg-muted text-muted-foreground" : "bg-primary-soft text-primary-soft-foreground")}>{busy ? <Spinner /> : icon}</span>
          {tag ? <span className="truncate text-xs text-muted-foreground">{tag}</span> : null}
        </span>
        <span className="grid gap-1">
          <span className="text-sm font-semibold">{title}</span>
          <span className="line-clamp-3 text-[0.8125rem] text-muted-foreground">{text}</span>
        </span>
      </button>
    </li>
  );
}

const GRID = "grid gap-3 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4";

function Tiles({ templates, making, create, scratch }: { templates: readonly Template[]; scratch: boolean } & CreateDraft) {
  const t = useT("start");
  const nameOf = useCategoryName();
  return (
    <ul className={GRID}>
      {scratch ? <Tile dashed icon={<Plus />} title={t("scratch")} text={t("scratch_hint")} busy={making === "scratch"} onClick={() => void create("scratch", { step: "identity", config: {} })} /> : null}
      {templates.map((template) => {
        const Icon = templateIcon(template.icon);
        const { id, name, description, category, config } = template;
        return (
          <Tile
            key={id}
            icon={<Icon aria-hidden="true" />}
            title={name}
            text={description}
            tag={nameOf(category)}
            busy={making === id}
            onClick={() => void create(id, { name, description, template_id: id, step: "identity", config: { ...config } })}
          />
        );
      })}
    </ul>
  );
}

function Categories({ all, chosen, onChoose }: { all: readonly string[]; chosen: string | null; onChoose: (category: string | null) => void }) {
  const t = useT("start");
  const nameOf = useCategoryName();
  return (
    <div role="group" aria-label={t("categories")} className="flex flex-wrap gap-1.5">
      {[null, ...all].map((category) => (
        <Button key={category ?? ""} size="sm" variant={category === chosen ? "soft" : "ghost"} aria-pressed={category === chosen} className="h-7.5 rounded-full px-3" onClick={() => onChoose(category)}>
          {category === null ? t("all_categories") : nameOf(category)}
        </Button>
      ))}
    </div>
  );
}

/** Finished configurations to begin with, by category and by what is typed; both stand in the address. */
export function TemplateGallery(draft: CreateDraft) {
  const t = useT("start");
  const tCore = useT("core");
  const [params, setParams] = useQueryState();
  const { data, error, refetch } = $api.useQuery("get", "/v1/templates", {}, { staleTime: Number.POSITIVE_INFINITY });
  const category = params.get("category");
  const query = params.get("q") ?? "";
  const deferred = useDeferredValue(query);
  const found = useMemo(() => findTemplates(data?.data ?? [], { category, query: deferred }), [data, category, deferred]);

  return (
    <section aria-labelledby="templates-title" className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2 id="templates-title" className="text-[0.9375rem] font-semibold">{t("templates")}</h2>
        <Input type="search" value={query} onChange={(event) => setParams({ q: event.target.value })} aria-label={t("search_templates")} placeholder={t("search_templates")} className="w-full sm:w-64" />
      </div>
      {data ? <Categories all={categoriesOf(data.data)} chosen={category} onChoose={(next) => setParams({ category: next })} /> : null}
      {error ? <ErrorCard error={error} onRetry={() => void refetch()} /> : null}
      {!data && !error ? <div className={GRID} aria-busy="true">{Array.from({ length: 8 }, (_, index) => <Skeleton key={index} className="h-36 rounded-xl" />)}</div> : null}
      {data && found.length === 0 ? (
        <EmptyState icon={SearchX} title={t("no_templates")} action={<Button variant="secondary" onClick={() => setParams({ q: null, category: null })}>{tCore("clear_filters")}</Button>}>{t("no_templates_hint")}</EmptyState>
      ) : null}
      {data && found.length > 0 ? <Tiles templates={found} scratch={!deferred.trim() && category === null} {...draft} /> : null}
      {error ? <Tiles templates={[]} scratch {...draft} /> : null}
    </section>
  );
}
