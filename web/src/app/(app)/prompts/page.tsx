import type { Metadata } from "next";

import { PromptsMessages } from "@/features/prompts/list-messages";
import { PromptsScreen } from "@/features/prompts/prompts-screen";

export const metadata: Metadata = { title: "Prompts" };

export default function Page() {
  return <PromptsMessages><PromptsScreen /></PromptsMessages>;
}
