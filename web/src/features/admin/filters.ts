/** What the lists are narrowed to: read from the address, written as the queries of the API. */
import type { AdminUser, Block, operations } from "@/lib/api/schema";

export type UsersQuery = NonNullable<operations["listUsers"]["parameters"]["query"]>;

export const USER_STATUSES = ["active", "suspended"] as const satisfies readonly AdminUser["status"][];
export const USER_ROLES = ["user", "admin"] as const satisfies readonly AdminUser["role"][];
export const BLOCK_KINDS = ["address", "account"] as const satisfies readonly Block["kind"][];

const TEXT_MAX = 200;

export interface UserFilters {
  q: string;
  status: AdminUser["status"] | null;
  role: AdminUser["role"] | null;
}

export function readText(params: URLSearchParams): string {
  return (params.get("q") ?? "").trim().slice(0, TEXT_MAX);
}

export function readUserFilters(params: URLSearchParams): UserFilters {
  return {
    q: readText(params),
    status: USER_STATUSES.find((status) => status === params.get("status")) ?? null,
    role: USER_ROLES.find((role) => role === params.get("role")) ?? null,
  };
}

export function toUsersQuery({ q, status, role }: UserFilters): UsersQuery {
  return { ...(q ? { q } : {}), ...(status ? { status } : {}), ...(role ? { role } : {}) };
}
