import type { Metadata } from "next";

import { PromptMessages } from "@/features/prompts/prompt-messages";
import { PromptScreen } from "@/features/prompts/prompt-screen";

export const metadata: Metadata = { title: "New prompt" };

export default function Page() {
  return <PromptMessages><PromptScreen /></PromptMessages>;
}
