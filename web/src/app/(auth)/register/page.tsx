import type { Metadata } from "next";

import { RegisterScreen } from "@/features/auth/register-screen";

export const metadata: Metadata = { title: "Create your account" };

export default function Page() {
  return <RegisterScreen />;
}
