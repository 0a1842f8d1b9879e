"use client";

import { Lock } from "lucide-react";
import type { ReactNode } from "react";

import { EmptyState } from "@/components/ui/empty-state";
import { useMe, usePermission } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

/** Shows what one does to whoever may do it. What is refused is refused by the server, whatever stands here. */
export function May({ permission, children, otherwise = null }: { permission: string; children: ReactNode; otherwise?: ReactNode }) {
  return usePermission(permission) ? children : otherwise;
}

/** A screen for those who hold a permission; others are told why they do not see it. */
export function Gate({ permission, children }: { permission: string; children: ReactNode }) {
  const t = useT("core.forbidden");
  const may = usePermission(permission);
  const me = useMe();
  if (may || !me) return children;
  return <div className="page"><EmptyState icon={Lock} title={t("title")}>{t("body", { name: me.org.name })}</EmptyState></div>;
}
