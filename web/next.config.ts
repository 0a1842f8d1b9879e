import type { NextConfig } from "next";
import { PHASE_PRODUCTION_BUILD } from "next/constants.js";

/** A static export: the C server serves the files, see docs/internals/web.md. */
export default function config(phase: string): NextConfig {
  return {
    ...(phase === PHASE_PRODUCTION_BUILD ? { output: "export" as const } : {}),
    agentRules: false,
    devIndicators: false,
    // The same sources give the same file names, so that a release can be rebuilt byte by byte.
    generateBuildId: () => "agentgen",
    images: { unoptimized: true },
    poweredByHeader: false,
    reactStrictMode: true,
    // `npm run typecheck` does, in the tests: a build on a user's machine is not to take twice as long.
    typescript: { ignoreBuildErrors: true },
    // See these two files for why.
    turbopack: { resolveAlias: { "react-remove-scroll": "./src/lib/remove-scroll.tsx", "victory-vendor/d3-scale": "./src/components/charts/chart-scales.ts" } },
    allowedDevOrigins: ["localhost", "127.0.0.1"],
  };
}
