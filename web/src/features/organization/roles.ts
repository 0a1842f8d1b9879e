import type { Me, Member, Permission, Role } from "@/lib/api/schema";

/** One role as a choice: built-in ones are known by their name, an organisation's own by their id. */
export function keyOf(role: Pick<Role, "id" | "name">): string {
  return role.id ?? role.name;
}

/** The same of who has it. */
export function heldKey({ role, role_id: own }: Pick<Member, "role" | "role_id">): string {
  return own ?? role;
}

/** What PATCH /v1/members/{id} and POST /v1/invitations want to know of a chosen role. */
export function roleBody(roles: readonly Role[], key: string): { role?: Member["role"]; role_id?: string } {
  const role = roles.find((one) => keyOf(one) === key);
  if (!role) return {};
  return role.id === null ? { role: role.name as Member["role"] } : { role_id: role.id };
}

export function isWithin(permissions: readonly string[], held: readonly string[]): boolean {
  return permissions.every((name) => held.includes(name));
}

/** The roles that somebody may give: none that may do more than they, and only owners make owners. */
export function givable(roles: readonly Role[], me: Me): Role[] {
  const owns = me.org.role === "owner" && me.org.role_id === null;
  return roles.filter((role) => isWithin(role.permissions, me.permissions) && (owns || role.id !== null || role.name !== "owner"));
}

/** Whether somebody who may change members may change this one: not themselves, nor who may do more than they. */
export function isChangeable(member: Pick<Member, "id" | "role" | "role_id">, roles: readonly Role[], me: Me): boolean {
  if (member.id === me.id) return false;
  const role = roles.find((one) => keyOf(one) === heldKey(member));
  return role !== undefined && givable([role], me).length === 1;
}

/** Permissions of the roles that are being changed, by the roles' ids. */
export type Drafts = Readonly<Record<string, readonly string[]>>;

/** What a role's members may do, as it stands in the drafts. */
export function permissionsOf(role: Role, drafts: Drafts): readonly string[] {
  return (role.id !== null && drafts[role.id]) || role.permissions;
}

/** Ticks or clears one box. A draft that comes to what the role is already is none. */
export function toggled(drafts: Drafts, role: Role, permission: string): Drafts {
  if (role.id === null) return drafts;
  const before = permissionsOf(role, drafts);
  const after = before.includes(permission) ? before.filter((name) => name !== permission) : [...before, permission];
  const { [role.id]: _, ...others } = drafts;
  const same = after.length === role.permissions.length && isWithin(after, role.permissions);
  return same ? others : { ...others, [role.id]: after };
}

/** Whether a box can be ticked by somebody who holds `held`: what every role has, or none, is fixed. */
export function isFree(permission: Permission, role: Role, held: readonly string[]): boolean {
  return !role.built_in && permission.own_roles === "optional" && held.includes(permission.name) && isWithin(role.permissions, held);
}

/** What a role is sent with: what all roles have goes without saying. */
export function sendable(permissions: readonly string[], all: readonly Permission[]): string[] {
  return all.filter(({ name, own_roles: own }) => own === "optional" && permissions.includes(name)).map(({ name }) => name);
}

/** "{name} 2", or the next number that no role has. */
export function copyOf(name: string, taken: readonly string[]): string {
  const lower = new Set(taken.map((one) => one.toLowerCase()));
  for (let n = 2; ; n += 1) {
    const next = `${name.slice(0, 45)} ${n}`;
    if (!lower.has(next.toLowerCase())) return next;
  }
}
