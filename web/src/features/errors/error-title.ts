import type { ErrorEntry } from "@/lib/api/schema";

const CLIENT_KINDS = ["error", "rejection", "render", "csp"] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export function isClientKind(kind: ErrorEntry["kind"]): kind is ClientKind {
  return CLIENT_KINDS.some((name) => name === kind);
}
