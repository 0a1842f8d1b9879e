import type { Metadata } from "next";

import { DocsScreen } from "@/features/docs/docs-screen";

export const metadata: Metadata = { title: "API docs" };

export default function Page() {
  return <DocsScreen />;
}
