import type { Metadata } from "next";

import { AdminScreen } from "@/features/admin/admin-screen";
import { AdminMessages } from "@/features/admin/messages";

export const metadata: Metadata = { title: "Administration" };

export default function Page() {
  return <AdminMessages><AdminScreen /></AdminMessages>;
}
