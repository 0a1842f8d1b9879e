import type { Metadata } from "next";

import { ActivityScreen } from "@/features/activity/activity-screen";
import { ActivityMessages } from "@/features/activity/messages";

export const metadata: Metadata = { title: "Audit log" };

export default function Page() {
  return <ActivityMessages><ActivityScreen /></ActivityMessages>;
}
