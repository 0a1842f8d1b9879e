import { describe, expect, it } from "vitest";

import { formOf, grantable, keyBody, keyPatch, missingIn, newKey } from "./create-key";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HELD = ["account:read", "keys:read", "agents:read", "ai:run", "runs:read", "admin:users"];

describe("a new key", () => {
  it("runs agents and ends after a while, unless one chooses otherwise", () => {
    expect(keyBody(newKey(" CI "), HELD, NOW)).toEqual({ name: "CI", scopes: ["agents:read", "ai:run", "runs:read"], expires_at: "2026-05-30T12:00:00.000Z" });
  });

  it("is made for one agent on that agent's page", () => {
    expect(keyBody(newKey("Desk", "a1"), HELD, NOW).agent_ids).toEqual(["a1"]);
  });

  it("lists nothing when it may do all that its owner may", () => {
    expect(keyBody({ ...newKey("All"), access: "all", expiry: "never" }, HELD, NOW)).toEqual({ name: "All" });
  });

  it("of the organisation lists everything, but nothing of an account or of the server", () => {
    const body = keyBody({ ...newKey("Site"), shared: true, access: "all", expiry: "never" }, HELD, NOW);
    expect(body).toEqual({ name: "Site", shared: true, scopes: ["keys:read", "agents:read", "ai:run", "runs:read"] });
    expect(grantable(HELD, true)).toEqual(body.scopes);
  });

  it("holds no more than who makes it", () => {
    expect(keyBody({ ...newKey("X"), access: "chosen", scopes: ["org:delete", "agents:read"] }, HELD, NOW).scopes).toEqual(["agents:read"]);
  });

  it("ends with the day that was chosen", () => {
    const body = keyBody({ ...newKey("X"), expiry: "date", date: "2026-04-02" }, HELD, NOW);
    expect(new Date(body.expires_at ?? "").getDate()).toBe(2);
  });

  it("says what is missing", () => {
    expect(missingIn(newKey("X"), HELD)).toBeNull();
    expect(missingIn({ ...newKey("X"), access: "chosen" }, HELD)).toBe("scopes");
    expect(missingIn(newKey("X"), ["account:read"])).toBe("scopes");
    expect(missingIn({ ...newKey("X"), agents: [] }, HELD)).toBe("agents");
    expect(missingIn({ ...newKey("X"), expiry: "date" }, HELD)).toBe("date");
  });
});

describe("a key that there is", () => {
  const key = {
    id: "k", name: "CI", prefix: "agk_x", scopes: ["ai:run"], shared: false, requests_per_minute: 60, agent_ids: ["a1"], user_id: "u", user_name: "Ada",
    expires_at: null, last_used_at: null, created_at: "2026-01-01T00:00:00Z",
  };

  it("keeps its end unless another is chosen", () => {
    expect(keyPatch(formOf(key), NOW)).toEqual({ name: "CI", requests_per_minute: 60, agent_ids: ["a1"] });
    expect(keyPatch({ ...formOf(key), expiry: "never", rate: "", agents: null }, NOW)).toEqual({ name: "CI", requests_per_minute: null, agent_ids: [], expires_at: null });
    expect(missingIn(formOf(key), null)).toBeNull();
  });
});
