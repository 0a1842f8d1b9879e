import type { Metadata } from "next";

import { RecoverMessages } from "@/features/auth/recover-messages";
import { ForgotScreen } from "@/features/auth/forgot-screen";

export const metadata: Metadata = { title: "Forgot password" };

export default function Page() {
  return <RecoverMessages><ForgotScreen /></RecoverMessages>;
}
