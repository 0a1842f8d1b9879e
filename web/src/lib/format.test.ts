import { createFormatter } from "use-intl";
import { describe, expect, it } from "vitest";

import { formatAgo, formatBytes, formatCount, formatDuration, formatExactTime, formatShare } from "./format";

const en = createFormatter({ locale: "en", timeZone: "UTC" });
const de = createFormatter({ locale: "de", timeZone: "UTC" });

describe("formatDuration", () => {
  it.each([
    [0, "0ms"],
    [-5, "0ms"],
    [340.4, "340ms"],
    [999.4, "999ms"],
    [1_000, "1s"],
    [1_240, "1.24s"],
    [12_480, "12.5s"],
    [59_990, "59.9s"],
    [60_000, "1m"],
    [125_000, "2m 5s"],
    [3_599_400, "59m 59s"],
    [3_599_600, "1h"],
    [3_600_000, "1h"],
    [11_400_000, "3h 10m"],
  ])("%d ms is %s", (ms, text) => expect(formatDuration(en, ms)).toBe(text));

  it("follows the language", () => expect(formatDuration(de, 1_240)).toMatch(/^1,24\s/));
});

describe("formatCount", () => {
  it.each([[0, "0"], [842, "842"], [9_999, "9,999"], [12_400, "12.4K"], [3_120_000, "3.1M"], [-12_400, "-12.4K"]])(
    "%d is %s", (count, text) => expect(formatCount(en, count)).toBe(text));
});

describe("formatShare", () => {
  it.each([[0, "0%"], [1, "100%"], [0.5, "50%"], [0.0123, "1.2%"], [0.984, "98.4%"], [0.9999, "99.9%"]])(
    "%d is %s", (share, text) => expect(formatShare(en, share)).toBe(text));
});

describe("formatBytes", () => {
  it.each([[0, "0 byte"], [999, "999 byte"], [4_200, "4.2 kB"], [512_000, "512 kB"], [999_400, "999 kB"], [999_600, "1 MB"], [1_300_000, "1.3 MB"]])(
    "%d is %s", (bytes, text) => expect(formatBytes(en, bytes)).toBe(text));
});

describe("moments", () => {
  const now = Date.UTC(2026, 6, 20, 12, 0, 0);
  const ago = (ms: number) => formatAgo(en, new Date(now - ms), now);

  it("says nothing of the last seconds, whose words are the screen's", () => {
    expect(ago(0)).toBeNull();
    expect(ago(9_000)).toBeNull();
    expect(ago(-3_000)).toBeNull();
  });
  it("counts back, then gives the date", () => {
    expect(ago(5 * 60_000)).toBe("5 min. ago");
    expect(ago(3 * 3_600_000)).toBe("3 hr. ago");
    expect(ago(8 * 86_400_000)).toBe("Jul 12");
    expect(ago(300 * 86_400_000)).toBe("Sep 23, 2025");
  });
  it("is exact where it is asked to be", () => {
    expect(formatExactTime(en, new Date(now))).toBe("Monday, July 20, 2026 at 12:00:00 PM UTC");
  });
});
