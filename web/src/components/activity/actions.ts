"use client";

import { Ban, Bot, Building2, CircleUserRound, Gauge, History, KeyRound, Link2, LogIn, Mail, ScrollText, Settings, ShieldCheck, Users, type LucideIcon } from "lucide-react";
import { useCallback } from "react";

import { useT } from "@/lib/i18n";

import { GROUPS, type ActionGroup } from "./filters";

const ICONS: Readonly<Record<ActionGroup, LucideIcon>> = {
  auth: LogIn, identity: Link2, user: CircleUserRound, organization: Building2, org: Gauge, member: Users, invitation: Mail, role: ShieldCheck,
  api_key: KeyRound, agent: Bot, prompt: ScrollText, settings: Settings, block: Ban, activity: History,
};

const DANGEROUS = /(?:_failed|\.suspended|\.deleted|\.revoked|\.removed|block\.created)$/;

function groupOf(action: string): ActionGroup | null {
  const [before] = action.split(".");
  return GROUPS.find((group) => group === before) ?? null;
}

export function iconOf(action: string): LucideIcon {
  const group = groupOf(action);
  return group ? ICONS[group] : History;
}

/** What ended something or went wrong: coloured, to be found while the eye runs down the list. */
export function isGrave(action: string): boolean {
  return DANGEROUS.test(action);
}

/** What actions and their groups are called; by its own name where a newer server has one that these pages do not know. */
export function useActionTexts(): { actionName: (action: string) => string; groupName: (group: ActionGroup) => string } {
  const t = useT("activity");
  const actionName = useCallback((action: string) => {
    const key = `action.${action.replace(".", "_")}` as "action.auth_signed_in";
    return t.has(key) ? t(key) : action;
  }, [t]);
  const groupName = useCallback((group: ActionGroup) => t(`group.${group}`), [t]);
  return { actionName, groupName };
}
