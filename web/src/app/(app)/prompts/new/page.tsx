import type { Metadata } from "next";

import { PromptScreen } from "@/features/prompts/prompt-screen";

export const metadata: Metadata = { title: "New prompt" };

export default function Page() {
  return <PromptScreen />;
}
