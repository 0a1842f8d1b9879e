import type { ReactNode } from "react";

import { SignedOutFrame } from "@/features/auth/signed-out-frame";

export default function Layout({ children }: { children: ReactNode }) {
  return <SignedOutFrame>{children}</SignedOutFrame>;
}
