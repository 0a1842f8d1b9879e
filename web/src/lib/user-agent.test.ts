import { describe, expect, it } from "vitest";

import { readUserAgent } from "./user-agent";

const CASES = [
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "desktop", "Chrome", "Linux"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0", "desktop", "Edge", "Windows"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15", "desktop", "Safari", "macOS"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop", "Firefox", "macOS"],
  ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0", "desktop", "Opera", "Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "phone", "Safari", "iOS"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "phone", "Chrome", "iOS"],
  ["Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1", "tablet", "Safari", "iPadOS"],
  ["Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36", "phone", "Chrome", "Android"],
  ["Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Safari/537.36", "tablet", "Samsung Internet", "Android"],
  ["Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36", "desktop", "Chrome", "ChromeOS"],
  ["Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101", "desktop", null, "Windows"],
  ["curl/8.5.0", "program", "curl", null],
  ["python-requests/2.32.3", "program", "python-requests", null],
  ["PostmanRuntime/7.43.0", "program", "PostmanRuntime", null],
  ["node", "program", "node", null],
  ["Mozilla/5.0 (compatible; something)", "unknown", null, null],
  ["", "unknown", null, null],
  ["   ", "unknown", null, null],
  ["<script>alert(1)</script>", "unknown", null, null],
  ["/".repeat(5000), "unknown", null, null],
  ["a".repeat(5000), "unknown", null, null],
] as const;

describe("readUserAgent", () => {
  it.each(CASES)("%s", (text, kind, browser, system) => {
    expect(readUserAgent(text)).toEqual({ kind, browser, system });
  });
});
