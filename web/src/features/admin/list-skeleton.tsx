import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

/** Holds the place of a list whose rows have two lines. */
export function ListSkeleton() {
  return (
    <Card aria-busy="true" className="divide-y">
      {[0, 1, 2, 3, 4, 5].map((i) => <div key={i} className="flex h-[4.25rem] items-center gap-4 px-5"><Skeleton className="size-9 rounded-full" /><Skeleton className="h-4 grow" /><Skeleton className="h-9 w-40" /></div>)}
    </Card>
  );
}
