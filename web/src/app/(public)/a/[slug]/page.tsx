import type { Metadata } from "next";

import { VisitorScreen } from "@/features/visitor/visitor-screen";

export const metadata: Metadata = { title: "Agent" };

/** Exported once, as a shell: the screen reads the link's name from the address. */
export function generateStaticParams() {
  return [{ slug: "_" }];
}

export default function Page() {
  return <VisitorScreen />;
}
