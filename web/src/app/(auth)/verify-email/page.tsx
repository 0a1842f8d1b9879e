import type { Metadata } from "next";

import { RecoverMessages } from "@/features/auth/recover-messages";
import { VerifyScreen } from "@/features/auth/verify-screen";

export const metadata: Metadata = { title: "Confirm your e-mail" };

export default function Page() {
  return <RecoverMessages><VerifyScreen /></RecoverMessages>;
}
