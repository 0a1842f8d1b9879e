import type { Metadata } from "next";

import { ErrorsScreen } from "@/features/errors/errors-screen";

export const metadata: Metadata = { title: "Error log" };

export default function Page() {
  return <ErrorsScreen />;
}
