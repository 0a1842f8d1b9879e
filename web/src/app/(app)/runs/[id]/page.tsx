import type { Metadata } from "next";

import { RunDetailScreen } from "@/features/runs/run-detail-screen";
import { RunMessages } from "@/features/runs/run-messages";

export const metadata: Metadata = { title: "Run" };

/** Exported once as a shell; the screen reads the id from the address. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <RunMessages><RunDetailScreen /></RunMessages>;
}
