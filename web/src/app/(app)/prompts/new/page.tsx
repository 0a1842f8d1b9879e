import type { Metadata } from "next";

import { Gate } from "@/components/shell/may";
import { PromptMessages } from "@/features/prompts/prompt-messages";
import { PromptScreen } from "@/features/prompts/prompt-screen";

export const metadata: Metadata = { title: "New prompt" };

export default function Page() {
  return <PromptMessages><Gate permission="prompts:write"><PromptScreen /></Gate></PromptMessages>;
}
