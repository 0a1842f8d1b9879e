import type { Metadata } from "next";

import { DocsScreen } from "@/features/docs/docs-screen";
import { DocsMessages } from "@/features/docs/messages";

export const metadata: Metadata = { title: "API docs" };

export default function Page() {
  return <DocsMessages><DocsScreen /></DocsMessages>;
}
