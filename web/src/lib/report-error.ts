/** What went wrong in this browser, told to the server, which scrubs it and shows it in the error log. */
export interface ErrorReport {
  kind: "error" | "rejection" | "render" | "csp";
  message: string;
  stack?: string | undefined;
}

const MOST_PER_PAGE = 20;
const MESSAGE_MAX = 1_000;
const STACK_MAX = 8_000;
const seen = new Set<string>();

/** Sends a report once per kind and message, and never more than a few per page. Never throws. */
export function reportError({ kind, message, stack }: ErrorReport): void {
  const text = message.slice(0, MESSAGE_MAX) || kind;
  const key = `${kind}\n${text}`;
  if (seen.has(key) || seen.size >= MOST_PER_PAGE) return;
  seen.add(key);
  const body = { kind, message: text, path: window.location.pathname, ...(stack ? { stack: stack.slice(0, STACK_MAX) } : {}) };
  void fetch("/v1/errors", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    credentials: "same-origin",
    keepalive: true,
  }).catch(() => undefined);
}
