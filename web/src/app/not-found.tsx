import type { Metadata } from "next";

import { NotFoundScreen } from "@/components/shell/not-found-screen";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return <NotFoundScreen />;
}
