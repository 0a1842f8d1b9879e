import { describe, expect, it } from "vitest";

import type { Settings } from "@/lib/api/schema";

import { changeCount, changes, formOf, undoOf, wholeNumber } from "./settings-form";

const SETTINGS: Settings = {
  registration: "open", free_per_minute: 50, premium_per_minute: 500, address_per_minute: 100, public_per_minute: 10,
  login_failures_per_account: 5, login_failures_per_address: 50, login_window_s: 900, login_block_s: 900,
};

describe("the settings as a form", () => {
  it("takes whole numbers within the range alone", () => {
    const range = { min: 10, max: 1_000 };
    expect(wholeNumber(" 10 ", range)).toBe(10);
    expect(wholeNumber("1000", range)).toBe(1_000);
    for (const wrong of ["9", "1001", "", " ", "1e2", "-20", "20.5", "0x20", "ten", "99999999999999999999"]) expect(wholeNumber(wrong, range), wrong).toBeUndefined();
  });

  it("asks for what differs", () => {
    const form = formOf(SETTINGS);
    expect(changes(form, SETTINGS)).toEqual({});
    expect(changeCount(form, SETTINGS)).toBe(0);
    const edited = { ...form, registration: "invited" as const, free_per_minute: "60", login_block_s: " 900" };
    expect(changes(edited, SETTINGS)).toEqual({ registration: "invited", free_per_minute: 60 });
    expect(changeCount(edited, SETTINGS)).toBe(2);
  });

  it("counts what cannot be sent", () => {
    expect(changeCount({ ...formOf(SETTINGS), login_window_s: "soon" }, SETTINGS)).toBe(1);
    expect(changes({ ...formOf(SETTINGS), login_window_s: "soon" }, SETTINGS)).toEqual({});
  });

  it("takes back what was changed and nothing else", () => {
    expect(undoOf({ registration: "invited", free_per_minute: 60 }, SETTINGS)).toEqual({ registration: "open", free_per_minute: 50 });
  });
});
