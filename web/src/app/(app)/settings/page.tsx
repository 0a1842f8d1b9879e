import type { Metadata } from "next";

import { SettingsMessages } from "@/features/settings/messages";
import { SettingsScreen } from "@/features/settings/settings-screen";

export const metadata: Metadata = { title: "Settings" };

export default function Page() {
  return <SettingsMessages><SettingsScreen /></SettingsMessages>;
}
