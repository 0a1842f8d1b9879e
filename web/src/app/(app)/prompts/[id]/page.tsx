import type { Metadata } from "next";

import { PromptMessages } from "@/features/prompts/prompt-messages";
import { PromptScreen } from "@/features/prompts/prompt-screen";

export const metadata: Metadata = { title: "Prompt" };

/** Exported once, as a shell: the screen reads the id from the address. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <PromptMessages><PromptScreen /></PromptMessages>;
}
