"use client";

import { useT } from "./i18n";

/** How a visit to an identity provider can end that does not succeed: the codes of `?error=`. */
export const OAUTH_ERRORS = [
  "access_denied", "state_invalid", "provider_unavailable", "provider_invalid", "email_unverified", "link_required",
  "registration_closed", "account_suspended", "identity_taken", "identity_mismatch", "reauthentication_refused", "server_error",
] as const;

/** Why the visit ended that the address tells of, in words; null when it tells of none. */
export function useOAuthError(search: string): string | null {
  const t = useT("auth.oauth.error");
  const code = new URLSearchParams(search).get("error");
  if (!code) return null;
  return t(OAUTH_ERRORS.find((known) => known === code) ?? "server_error");
}
