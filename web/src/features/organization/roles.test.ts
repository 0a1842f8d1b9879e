import { describe, expect, it } from "vitest";

import type { Me, Permission, Role } from "@/lib/api/schema";

import { copyOf, givable, heldKey, isChangeable, isFree, keyOf, permissionsOf, roleBody, sendable, toggled } from "./roles";

function role(name: string, permissions: string[], id: string | null = null): Role {
  return { id, name, description: null, built_in: id === null, permissions, members: 0, created_at: null, updated_at: null };
}

const OWNER = role("owner", ["account:read", "agents:read", "agents:write", "members:write", "org:delete"]);
const ADMIN = role("admin", ["account:read", "agents:read", "agents:write", "members:write"]);
const VIEWER = role("viewer", ["account:read", "agents:read"]);
const AUDITOR = role("Auditor", ["account:read", "activity:read"], "r1");
const WRITER = role("Writer", ["account:read", "agents:write"], "r2");
const ROLES = [OWNER, ADMIN, VIEWER, AUDITOR, WRITER];

function me(held: Role, builtIn: Me["org"]["role"]): Me {
  return {
    id: "me", name: "Ada", email: "ada@mail.test", role: "user", org_id: "o0", email_verified: true, has_password: true, permissions: held.permissions,
    org: { id: "o1", name: "Acme", personal: false, plan: "free", role: builtIn, role_id: held.id, role_name: held.name, created_at: "" },
    recent_until: null, created_at: "",
  };
}

describe("who may give which role", () => {
  it("gives none that may do more", () => {
    expect(givable(ROLES, me(ADMIN, "admin")).map(keyOf)).toEqual(["admin", "viewer", "r2"]);
    expect(givable(ROLES, me(VIEWER, "viewer")).map(keyOf)).toEqual(["viewer"]);
  });

  it("makes owners only as an owner", () => {
    expect(givable(ROLES, me(OWNER, "owner")).map(keyOf)).toContain("owner");
    // A role of the organisation's own is below no owner, whatever it holds.
    expect(givable(ROLES, me(role("All", OWNER.permissions, "r9"), "viewer")).map(keyOf)).not.toContain("owner");
  });

  it("changes neither itself nor who is above it", () => {
    const admin = me(ADMIN, "admin");
    expect(isChangeable({ id: "me", role: "admin", role_id: null }, ROLES, admin)).toBe(false);
    expect(isChangeable({ id: "x", role: "owner", role_id: null }, ROLES, admin)).toBe(false);
    expect(isChangeable({ id: "x", role: "viewer", role_id: "r1" }, ROLES, admin)).toBe(false);
    expect(isChangeable({ id: "x", role: "viewer", role_id: "r2" }, ROLES, admin)).toBe(true);
    expect(isChangeable({ id: "x", role: "admin", role_id: null }, ROLES, admin)).toBe(true);
  });

  it("is told to the server by name or by id", () => {
    expect(roleBody(ROLES, "viewer")).toEqual({ role: "viewer" });
    expect(roleBody(ROLES, "r1")).toEqual({ role_id: "r1" });
    expect(roleBody(ROLES, "gone")).toEqual({});
    expect(heldKey({ role: "viewer", role_id: "r1" })).toBe("r1");
  });
});

describe("the grid of permissions", () => {
  const permission = (name: string, own: Permission["own_roles"] = "optional"): Permission => ({ name, description: "", group: "", roles: [], own_roles: own });

  it("keeps what is ticked apart from what is stored", () => {
    const one = toggled({}, AUDITOR, "agents:read");
    expect(permissionsOf(AUDITOR, one)).toEqual(["account:read", "activity:read", "agents:read"]);
    expect(permissionsOf(WRITER, one)).toBe(WRITER.permissions);
    expect(toggled(one, AUDITOR, "agents:read")).toEqual({});
    expect(toggled({}, OWNER, "agents:read")).toEqual({});
  });

  it("is free where nothing speaks against it", () => {
    const held = ADMIN.permissions;
    expect(isFree(permission("agents:write"), WRITER, held)).toBe(true);
    expect(isFree(permission("agents:write"), ADMIN, held)).toBe(false);
    expect(isFree(permission("account:read", "always"), WRITER, held)).toBe(false);
    expect(isFree(permission("org:delete"), WRITER, held)).toBe(false);
    // A role that may do more than oneself is not for oneself to change.
    expect(isFree(permission("agents:write"), AUDITOR, held)).toBe(false);
  });

  it("sends what is a matter of choice", () => {
    const all = [permission("account:read", "always"), permission("agents:write"), permission("org:delete", "never")];
    expect(sendable(["agents:write", "account:read"], all)).toEqual(["agents:write"]);
  });

  it("names copies as nothing else is named", () => {
    expect(copyOf("Manager", ["Manager", "manager 2"])).toBe("Manager 3");
  });
});
