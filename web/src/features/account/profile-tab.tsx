"use client";

import { EmailSection } from "./email-section";
import { ProfileSection } from "./profile-section";

/** Who one is here. */
export function ProfileTab() {
  return <div className="grid gap-5"><ProfileSection /><EmailSection /></div>;
}
