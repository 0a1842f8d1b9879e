import type { Metadata } from "next";

import { StartScreen } from "@/features/wizard/start-screen";

export const metadata: Metadata = { title: "New agent" };

export default function Page() {
  return <StartScreen />;
}
