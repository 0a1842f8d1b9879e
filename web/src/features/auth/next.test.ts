import { readFileSync } from "node:fs";
import path from "node:path";

import { describe, expect, it } from "vitest";

import { OAUTH_ERRORS } from "@/lib/oauth-error";

import { oauthHref } from "./oauth-buttons";
import { invitationNext, safeNext, withNext } from "./use-after-sign-in";

describe("where a sign-in goes on", () => {
  it("is a path of this site", () => {
    expect(safeNext("/agents?q=1")).toBe("/agents?q=1");
    expect(safeNext("/agents/../settings")).toBe("/settings");
  });

  it.each([null, "", "agents", "https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"])("%s leads home", (next) => {
    expect(safeNext(next)).toBe("/");
  });

  it("is carried to other pages and to providers", () => {
    expect(withNext("/register", "/")).toBe("/register");
    expect(withNext("/register", "/runs?status=failed")).toBe("/register?next=%2Fruns%3Fstatus%3Dfailed");
    expect(withNext("/register", invitationNext("agi_x+y"))).toBe("/register#token=agi_x%2By");
    expect(oauthHref("google", "/")).toBe("/v1/auth/oauth/google");
    expect(oauthHref("google", "/runs?a=1&b=2")).toBe("/v1/auth/oauth/google?next=%2Fruns%3Fa%3D1%26b%3D2");
  });
});

describe("how a visit to a provider can end", () => {
  it("has words for each way", () => {
    const document: unknown = JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../../docs/openapi.json"), "utf8"));
    const text = (document as { paths: Record<string, { get: { description: string } }> }).paths["/v1/auth/oauth/{provider}"]?.get.description ?? "";
    const codes = [...text.matchAll(/^- `([a-z_]+)`/gm)].map(([, code = ""]) => code);
    expect(codes.length).toBeGreaterThan(5);
    expect([...OAUTH_ERRORS].sort()).toEqual(codes.sort());
  });
});
