"use client";

import { Link2Off } from "lucide-react";
import type { ReactNode } from "react";

import type { ApiError } from "@/lib/api/problem";
import { useT } from "@/lib/i18n";

import { Notice } from "./notice";

const KINDS = ["unknown", "used", "expired"] as const;
export type LinkFault = (typeof KINDS)[number];

/** What is wrong with the link, where that is why a call failed; else null. */
export function linkFault(error: ApiError): LinkFault | null {
  const fault = error.fields.find(({ field }) => field === "token");
  if (!fault) return null;
  return KINDS.find((kind) => kind === fault.code) ?? "unknown";
}

/** A link that leads nowhere: why, and what to do. */
export function LinkProblem({ fault, action }: { fault: LinkFault; action: ReactNode }) {
  const t = useT("recover.link");
  return <Notice icon={Link2Off} tone="warning" title={t(`${fault}_title`)} action={action}>{t(`${fault}_body`)}</Notice>;
}
