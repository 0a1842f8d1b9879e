import type { ReactNode } from "react";

import { AppFrame } from "@/components/shell/app-frame";

export default function Layout({ children }: { children: ReactNode }) {
  return <AppFrame>{children}</AppFrame>;
}
