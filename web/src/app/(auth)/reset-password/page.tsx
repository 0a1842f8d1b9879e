import type { Metadata } from "next";

import { RecoverMessages } from "@/features/auth/recover-messages";
import { ResetScreen } from "@/features/auth/reset-screen";

export const metadata: Metadata = { title: "Set a new password" };

export default function Page() {
  return <RecoverMessages><ResetScreen /></RecoverMessages>;
}
