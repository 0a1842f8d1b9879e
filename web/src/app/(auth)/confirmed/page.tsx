import type { Metadata } from "next";

import { RecoverMessages } from "@/features/auth/recover-messages";
import { ConfirmedScreen } from "@/features/auth/confirmed-screen";

export const metadata: Metadata = { title: "Confirmed" };

export default function Page() {
  return <RecoverMessages><ConfirmedScreen /></RecoverMessages>;
}
