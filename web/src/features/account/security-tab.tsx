"use client";

import { IdentitiesSection } from "./identities-section";
import { PasswordSection } from "./password-section";
import { SessionsSection } from "./sessions-section";

/** How one signs in, and where one is. */
export function SecurityTab() {
  return <div className="grid gap-5"><PasswordSection /><IdentitiesSection /><SessionsSection /></div>;
}
