import type { Metadata } from "next";

import { PromptsScreen } from "@/features/prompts/prompts-screen";

export const metadata: Metadata = { title: "Prompts" };

export default function Page() {
  return <PromptsScreen />;
}
