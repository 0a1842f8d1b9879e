import { Skeleton } from "@/components/ui/skeleton";

/** The shape of a screen while its code or its session is on the way. */
export function PageSkeleton() {
  return (
    <div className="page" aria-busy="true">
      <Skeleton className="mb-2 h-8 w-52" />
      <Skeleton className="mb-8 h-4 w-80 max-w-full" />
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {[0, 1, 2, 3, 4, 5].map((i) => <Skeleton key={i} className="h-36 rounded-xl" />)}
      </div>
    </div>
  );
}
