"use client";

import { useSyncExternalStore } from "react";

interface Clock {
  subscribe: (changed: () => void) => () => void;
  now: () => number;
}

/** One timer for all who look at it; it stands still while nobody does. */
function makeClock(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let now = Date.now();
  const tick = () => {
    now = Date.now();
    for (const listener of listeners) listener();
  };
  return {
    subscribe(changed) {
      if (listeners.size === 0) {
        now = Date.now();
        timer = setInterval(tick, everyMs);
      }
      listeners.add(changed);
      return () => {
        listeners.delete(changed);
        if (listeners.size === 0) clearInterval(timer);
      };
    },
    now: () => now,
  };
}

const slow = makeClock(15_000);
const fast = makeClock(1_000);

/** The time, often enough for "5 minutes ago". */
export function useNow(): number {
  return useSyncExternalStore(slow.subscribe, slow.now, slow.now);
}

/** The time, every second: for what is running. */
export function useSeconds(): number {
  return useSyncExternalStore(fast.subscribe, fast.now, fast.now);
}
