import type { Metadata } from "next";

import { RecoverMessages } from "@/features/auth/recover-messages";
import { InvitationScreen } from "@/features/auth/invitation-screen";

export const metadata: Metadata = { title: "Invitation" };

export default function Page() {
  return <RecoverMessages><InvitationScreen /></RecoverMessages>;
}
