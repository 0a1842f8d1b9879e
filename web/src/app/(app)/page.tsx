import type { Metadata } from "next";

import { DashboardScreen } from "@/features/dashboard/dashboard-screen";
import { DashboardMessages } from "@/features/dashboard/messages";

export const metadata: Metadata = { title: "Dashboard" };

export default function Page() {
  return <DashboardMessages><DashboardScreen /></DashboardMessages>;
}
