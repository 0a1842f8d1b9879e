/**
 * Every text of the UI. `en/<namespace>.json` is the source and gives the types; the other languages
 * have the same files with the same keys (a test says so). Signed-out pages load what stands in `signed-out.ts` alone.
 */
import type account from "./en/account.json";
import type activity from "./en/activity.json";
import type admin from "./en/admin.json";
import type agents from "./en/agents.json";
import type auth from "./en/auth.json";
import type chat from "./en/chat.json";
import type compare from "./en/compare.json";
import type core from "./en/core.json";
import type dashboard from "./en/dashboard.json";
import type docs from "./en/docs.json";
import type errors from "./en/errors.json";
import type keys from "./en/keys.json";
import type org from "./en/org.json";
import type overlays from "./en/overlays.json";
import type permissions from "./en/permissions.json";
import type prompts from "./en/prompts.json";
import type recover from "./en/recover.json";
import type runs from "./en/runs.json";
import type settings from "./en/settings.json";
import type start from "./en/start.json";
import type visitor from "./en/visitor.json";
import type wizard from "./en/wizard.json";

export interface Messages {
  compare: typeof compare;
  core: typeof core;
  activity: typeof activity;
  admin: typeof admin;
  auth: typeof auth;
  account: typeof account;
  agents: typeof agents;
  chat: typeof chat;
  dashboard: typeof dashboard;
  docs: typeof docs;
  errors: typeof errors;
  keys: typeof keys;
  org: typeof org;
  overlays: typeof overlays;
  permissions: typeof permissions;
  prompts: typeof prompts;
  recover: typeof recover;
  runs: typeof runs;
  settings: typeof settings;
  start: typeof start;
  visitor: typeof visitor;
  wizard: typeof wizard;
}

declare module "use-intl" {
  interface AppConfig {
    Messages: Messages;
  }
}
