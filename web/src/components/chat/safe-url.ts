const ALLOWED = new Set(["http:", "https:", "mailto:"]);

/**
 * The address when it is one that a model's answer may link to, else "". Relative addresses are refused too:
 * they would lead into this app.
 */
export function safeUrl(url: string): string {
  if (!URL.canParse(url)) return "";
  const { protocol, href } = new URL(url);
  return ALLOWED.has(protocol) ? href : "";
}
