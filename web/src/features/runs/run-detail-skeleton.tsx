import { Skeleton } from "@/components/ui/skeleton";

/** A run while it is on the way. */
export function RunDetailSkeleton() {
  return (
    <div className="page" aria-busy="true">
      <Skeleton className="mb-4 h-5 w-20" />
      <div className="mb-6 grid gap-2"><Skeleton className="h-8 w-64 max-w-full" /><Skeleton className="h-5 w-44" /></div>
      <div className="grid items-start gap-6 lg:grid-cols-[minmax(0,1fr)_21rem]">
        <Skeleton className="h-80 rounded-xl" />
        <Skeleton className="h-[32rem] rounded-xl" />
      </div>
    </div>
  );
}
