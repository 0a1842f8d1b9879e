import type { ReactNode } from "react";

import { VisitorFrame } from "@/features/visitor/visitor-frame";

export default function Layout({ children }: { children: ReactNode }) {
  return <VisitorFrame>{children}</VisitorFrame>;
}
