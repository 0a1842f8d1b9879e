import { describe, expect, it } from "vitest";

import { elsewhere } from "./session-gate";

describe("where a screen leads in another organisation", () => {
  it.each([
    ["/", "?range=24h", "/"],
    ["/agents", "", "/agents"],
    ["/agents/0190/edit", "?step=model", "/agents"],
    ["/agents/0190", "?tab=use&conversation=1", "/agents"],
    ["/runs", "?agent=0190&q=shoes", "/runs"],
    ["/settings", "?tab=keys&keys=shared", "/settings?tab=keys"],
  ])("%s%s leads to %s", (path, search, to) => {
    expect(elsewhere(path, search)).toBe(to);
  });
});
