import type { Metadata } from "next";

import { RunsMessages } from "@/features/runs/list-messages";
import { RunsScreen } from "@/features/runs/runs-screen";

export const metadata: Metadata = { title: "Runs" };

export default function Page() {
  return <RunsMessages><RunsScreen /></RunsMessages>;
}
