"use client";

import { useEffect, useState, type ComponentType } from "react";

import { Skeleton } from "@/components/ui/skeleton";

let loaded: ComponentType | null = null;

/** Fetches the last step's code; whoever waits for it finds the step there at once. */
export async function loadReview(): Promise<void> {
  loaded ??= (await import("./review-step")).ReviewStep;
}

/** The last step. Its code comes when somebody goes there: most of the time one is elsewhere. */
export function Review() {
  const [Screen, setScreen] = useState<ComponentType | null>(() => loaded);
  useEffect(() => {
    if (!Screen) loadReview().then(() => setScreen(() => loaded), () => undefined);
  }, [Screen]);
  return Screen ? <Screen /> : <div aria-busy="true" className="grid gap-6"><Skeleton className="h-7 w-40" /><Skeleton className="h-96 rounded-xl" /></div>;
}
