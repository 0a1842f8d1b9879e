export type Strength = "none" | "weak" | "fair" | "good" | "strong";

const COMMON = /^(?:password|passwort|qwerty|azerty|letmein|welcome|admin|iloveyou|dragon|monkey|football|abc)/i;
const RUNS = /(.)\1{2,}|0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf/i;

/** Bits of guessing that a length of distinct characters is worth, roughly. */
function bits(password: string): number {
  const distinct = new Set(password).size;
  const alphabet = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].reduce((size, kind, i) => size + (kind.test(password) ? [26, 26, 10, 33][i] ?? 0 : 0), 0);
  return Math.min(password.length, distinct * 2) * Math.log2(Math.max(alphabet, 2));
}

/**
 * How a password looks to somebody who guesses: a hint beside the field. The server decides (length
 * and a list of common passwords); no kind of character is demanded.
 */
export function passwordStrength(password: string, email = ""): Strength {
  if (!password) return "none";
  const name = email.split("@")[0] ?? "";
  const guessable = COMMON.test(password) || (name.length > 2 && password.toLowerCase().includes(name.toLowerCase()));
  const worth = bits(password) - (RUNS.test(password) ? 15 : 0) - (guessable ? 30 : 0);
  if (password.length < 8 || worth < 36) return "weak";
  if (worth < 56) return "fair";
  return worth < 76 ? "good" : "strong";
}
