import type { Metadata } from "next";

import { EditScreen } from "@/features/wizard/edit-screen";

export const metadata: Metadata = { title: "Edit agent" };

/** Exported once, as a shell for every agent. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <EditScreen />;
}
