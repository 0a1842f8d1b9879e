import { Card } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

const ROWS = Array.from({ length: 12 }, (_, i) => i);

/** The list while it is on the way, row by row as high as it will be. */
export function RunsSkeleton() {
  return (
    <Card aria-busy="true">
      <div className="hidden h-10 border-b lg:block" />
      <div className="divide-y">
        {ROWS.map((i) => (
          <div key={i} className="flex h-[4.0625rem] items-center gap-4 px-4 lg:h-[2.6875rem]">
            <Skeleton className="size-4 rounded-full lg:w-24" />
            <Skeleton className="h-4 grow" />
            <Skeleton className="hidden h-4 w-36 lg:block" />
            <Skeleton className="hidden h-4 w-32 lg:block" />
            <Skeleton className="h-4 w-16" />
          </div>
        ))}
      </div>
    </Card>
  );
}
