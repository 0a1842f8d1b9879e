/** What a User-Agent header says, as far as people care: which browser, on what, or which program. */
export interface Device {
  kind: "desktop" | "phone" | "tablet" | "program" | "unknown";
  /** Names are those of the makers, the same in every language. */
  browser: string | null;
  system: string | null;
}

type Rule = readonly [pattern: RegExp, name: string];

/** The first that fits: most browsers also call themselves the ones they come from. */
const BROWSERS: readonly Rule[] = [
  [/\bEdg(?:e|A|iOS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\bDuckDuckGo\/|\bDdg\//, "DuckDuckGo"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:HeadlessChrome|Chrome|CriOS)\//, "Chrome"],
  [/\bVersion\/[\d.]+.* Safari\//, "Safari"],
];

const SYSTEMS: readonly Rule[] = [
  [/\biPad\b/, "iPadOS"],
  [/\biPhone\b|\biPod\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const find = (rules: readonly Rule[], text: string) => rules.find(([pattern]) => pattern.test(text))?.[1] ?? null;

function kindOf(text: string, system: string | null): Device["kind"] {
  if (/\biPad\b|\bTablet\b/.test(text) || (system === "Android" && !/\bMobile\b/.test(text))) return "tablet";
  if (system === "iOS" || /\bMobi/.test(text)) return "phone";
  return "desktop";
}

export function readUserAgent(text: string): Device {
  const browser = find(BROWSERS, text);
  const system = find(SYSTEMS, text);
  if (text.startsWith("Mozilla/") && (browser || system)) return { kind: kindOf(text, system), browser, system };
  // A program names itself first: `curl/8.5.0`, `python-requests/2.32`.
  const program = /^[A-Za-z][\w.-]{0,39}(?=[/ (]|$)/.exec(text)?.[0] ?? null;
  if (program && program !== "Mozilla") return { kind: "program", browser: program, system };
  return { kind: "unknown", browser: null, system };
}
