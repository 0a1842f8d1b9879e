import type { Metadata } from "next";

import { Gate } from "@/components/shell/may";
import { StartMessages } from "@/features/wizard/start-messages";
import { StartScreen } from "@/features/wizard/start-screen";

export const metadata: Metadata = { title: "New agent" };

export default function Page() {
  return <StartMessages><Gate permission="agents:write"><StartScreen /></Gate></StartMessages>;
}
