"use client";

import { SearchX } from "lucide-react";

import { ErrorCard } from "@/components/shell/error-card";
import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { Skeleton } from "@/components/ui/skeleton";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { useT } from "@/lib/i18n";
import { Link, useSegment } from "@/lib/nav";

import { Wizard } from "./wizard";

function EditSkeleton() {
  return (
    <div className="flex grow flex-col" aria-busy="true">
      <div className="grid h-24 content-center gap-3 border-b px-5"><Skeleton className="h-5 w-56" /><Skeleton className="h-7 w-[32rem] max-w-full" /></div>
      <div className="grid grow lg:grid-cols-[minmax(0,1fr)_20rem] xl:grid-cols-[minmax(0,1fr)_26rem] 2xl:grid-cols-[minmax(0,1fr)_30rem]">
        <div className="px-4 pt-8 md:px-6 xl:px-8">
          <div className="mx-auto grid max-w-[42rem] gap-6">
            <Skeleton className="h-7 w-40" />
            {[10, 20, 28].map((height) => <div key={height} className="grid gap-2"><Skeleton className="h-4 w-24" /><Skeleton className={height === 10 ? "h-10" : height === 20 ? "h-20" : "h-28"} /></div>)}
          </div>
        </div>
        <div className="hidden border-s lg:block" />
      </div>
    </div>
  );
}

function Agent({ id }: { id: string }) {
  const t = useT("wizard.not_found");
  const { data, error, isFetchedAfterMount, refetch } = $api.useQuery("get", "/v1/agents/{id}", { params: { path: { id } } }, { staleTime: 0 });
  // What another screen has read may be older than the draft: the form begins with what the server has now.
  if (data && isFetchedAfterMount) return <Wizard agent={data} />;
  if (!error) return <EditSkeleton />;
  const problem = toApiError(error);
  return (
    <div className="page">
      {problem.status === 404 || problem.status === 400 || problem.status === 422
        ? <EmptyState icon={SearchX} title={t("title")} action={<Button asChild><Link href="/agents">{t("action")}</Link></Button>}>{t("body")}</EmptyState>
        : <ErrorCard error={error} onRetry={() => void refetch()} />}
    </div>
  );
}

/** The wizard of the agent that the address names. */
export function EditScreen() {
  const id = useSegment(1);
  return id ? <Agent key={id} id={id} /> : <EditSkeleton />;
}
