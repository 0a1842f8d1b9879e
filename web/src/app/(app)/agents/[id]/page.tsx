import type { Metadata } from "next";

import { AgentMessages } from "@/features/agents/agent-messages";
import { AgentScreen } from "@/features/agents/agent-screen";

export const metadata: Metadata = { title: "Agent" };

/** Exported once, as a shell: the screen reads the id from the address. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <AgentMessages><AgentScreen /></AgentMessages>;
}
