"use client";

import { AnimatePresence, LazyMotion, MotionConfig } from "motion/react";
import * as m from "motion/react-m";
import type { ReactNode } from "react";

const loadFeatures = () => import("@/lib/motion-features").then((module) => module.default);

const SECONDS = 0.18;
const SHIFT_PX = 12;

/**
 * Lets what is shown under `id` give way to what is shown under the next one. The code that animates
 * is loaded after the page; until then, and for who prefers less motion, the change is at once.
 */
export function Transition({ id, children, className }: { id: string; children: ReactNode; className?: string }) {
  return (
    <LazyMotion features={loadFeatures} strict>
      <MotionConfig reducedMotion="user">
        <AnimatePresence mode="wait" initial={false}>
          <m.div
            key={id}
            className={className}
            initial={{ opacity: 0, x: SHIFT_PX }}
            animate={{ opacity: 1, x: 0 }}
            exit={{ opacity: 0, x: -SHIFT_PX }}
            transition={{ duration: SECONDS, ease: "easeOut" }}
          >
            {children}
          </m.div>
        </AnimatePresence>
      </MotionConfig>
    </LazyMotion>
  );
}
