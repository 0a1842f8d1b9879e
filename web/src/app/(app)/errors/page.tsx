import type { Metadata } from "next";

import { ErrorsScreen } from "@/features/errors/errors-screen";
import { ErrorsMessages } from "@/features/errors/messages";

export const metadata: Metadata = { title: "Error log" };

export default function Page() {
  return <ErrorsMessages><ErrorsScreen /></ErrorsMessages>;
}
