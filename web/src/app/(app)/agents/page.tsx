import type { Metadata } from "next";

import { AgentsScreen } from "@/features/agents/agents-screen";
import { AgentsMessages } from "@/features/agents/list-messages";

export const metadata: Metadata = { title: "Agents" };

export default function Page() {
  return <AgentsMessages><AgentsScreen /></AgentsMessages>;
}
