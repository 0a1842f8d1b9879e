import type { Metadata } from "next";

import { OrganizationMessages } from "@/features/organization/messages";
import { OrganizationScreen } from "@/features/organization/org-screen";

export const metadata: Metadata = { title: "Organisation" };

export default function Page() {
  return <OrganizationMessages><OrganizationScreen /></OrganizationMessages>;
}
