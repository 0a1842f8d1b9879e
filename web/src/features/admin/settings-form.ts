/** The server's settings as a form has them: texts, until they are read as numbers within their ranges. */
import type { Settings, SettingsInput } from "@/lib/api/schema";

export interface Range {
  min: number;
  max: number;
}

export const RATE_MAX = 100_000_000;
const RATE: Range = { min: 1, max: RATE_MAX };

/** The numbers and what the server takes of each. */
export const RANGES = {
  free_per_minute: RATE,
  premium_per_minute: RATE,
  address_per_minute: RATE,
  public_per_minute: RATE,
  login_failures_per_account: { min: 1, max: 1_000 },
  login_failures_per_address: { min: 1, max: 100_000 },
  login_window_s: { min: 10, max: 86_400 },
  login_block_s: { min: 10, max: 2_592_000 },
} as const satisfies Record<Exclude<keyof Settings, "registration">, Range>;

export type NumberName = keyof typeof RANGES;
export const NUMBERS = Object.keys(RANGES) as NumberName[];

export type SettingsForm = Record<NumberName, string> & { registration: Settings["registration"] };

/** The whole number that was typed, when it lies in the range. */
export function wholeNumber(typed: string, { min, max }: Range): number | undefined {
  const text = typed.trim();
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const number = Number(text);
  return number >= min && number <= max ? number : undefined;
}

export function formOf(settings: Settings): SettingsForm {
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, String(settings[name])])) as Record<NumberName, string>;
  return { registration: settings.registration, ...numbers };
}

/** What differs from the settings as they are: what is asked of the server. The form holds no mistakes. */
export function changes(form: SettingsForm, settings: Settings): SettingsInput {
  const changed: SettingsInput = form.registration === settings.registration ? {} : { registration: form.registration };
  for (const name of NUMBERS) {
    const number = wholeNumber(form[name], RANGES[name]);
    if (number !== undefined && number !== settings[name]) changed[name] = number;
  }
  return changed;
}

/** How many fields do not say what the settings are. */
export function changeCount(form: SettingsForm, settings: Settings): number {
  const before = formOf(settings);
  return (Object.keys(before) as (keyof SettingsForm)[]).filter((name) => form[name].trim() !== before[name]).length;
}

/** What takes `changed` back. */
export function undoOf(changed: SettingsInput, before: Settings): SettingsInput {
  return Object.fromEntries((Object.keys(changed) as (keyof Settings)[]).map((name) => [name, before[name]]));
}
