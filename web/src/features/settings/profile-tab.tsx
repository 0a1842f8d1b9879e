"use client";

import { PasswordSection } from "./password-section";
import { ProfileSection } from "./profile-section";

export function ProfileTab() {
  return <div className="grid gap-5"><ProfileSection /><PasswordSection /></div>;
}
