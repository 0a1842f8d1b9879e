import type { Metadata } from "next";

import { EditScreen } from "@/features/wizard/edit-screen";
import { Gate } from "@/components/shell/may";
import { EditMessages } from "@/features/wizard/edit-messages";

export const metadata: Metadata = { title: "Edit agent" };

/** Exported once, as a shell for every agent. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <EditMessages><Gate permission="agents:write"><EditScreen /></Gate></EditMessages>;
}
