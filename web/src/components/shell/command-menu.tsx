"use client";

import { Command } from "cmdk";
import { Bot, Building2, Keyboard, KeyRound, Moon, Plus, ScrollText, type LucideIcon } from "lucide-react";
import { useTheme } from "next-themes";
import { useDeferredValue, useEffect, useState, type ReactNode } from "react";

import { Kbd } from "@/components/ui/kbd";
import { useOrganizations, useSwitchOrganization } from "@/lib/api/organization";
import { $api } from "@/lib/api/query";
import type { Prompt } from "@/lib/api/schema";
import { useMe } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { useNavigate } from "@/lib/nav";
import { useUi } from "@/lib/store";

import { useNavigation } from "./navigation";
import { useStanding } from "./org-switcher";
import { useActionFailed } from "./use-action-failed";

const FOUND_AT_MOST = 6;
const TITLE_CHARS = 80;

function promptTitle({ name, prompt_text }: Pick<Prompt, "name" | "prompt_text">): string {
  return name || prompt_text.trim().slice(0, TITLE_CHARS);
}

function Item({ icon: Icon, children, hint, value, onSelect }: { icon: LucideIcon; children: ReactNode; hint?: string; value?: string; onSelect: () => void }) {
  return (
    <Command.Item
      {...(value === undefined ? {} : { value })}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2.5 text-sm data-[selected=true]:bg-muted"
    >
      <Icon aria-hidden="true" className="size-4 shrink-0 text-muted-foreground" />
      <span className="min-w-0 grow truncate">{children}</span>
      {hint ? <Kbd>{hint}</Kbd> : null}
    </Command.Item>
  );
}

const groupClass = "[&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:py-2 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-muted-foreground";

/** Agents and prompts whose name or text holds what was typed: the server searches. */
function Found({ query, go }: { query: string; go: (to: string) => void }) {
  const t = useT("core.palette");
  const q = query.trim();
  const agents = $api.useQuery("get", "/v1/agents", { params: { query: { q, limit: FOUND_AT_MOST } } }, { enabled: q.length > 1 });
  const prompts = $api.useQuery("get", "/v1/prompts", { params: { query: { q, limit: FOUND_AT_MOST } } }, { enabled: q.length > 1 });
  if (q.length < 2) return null;
  return (
    <>
      {agents.data?.data.length ? (
        <Command.Group heading={t("agents")} className={groupClass}>
          {agents.data.data.map((agent) => (
            <Item key={agent.id} icon={Bot} value={`${agent.name} ${q} ${agent.id}`} onSelect={() => go(`/agents/${agent.id}`)}>{agent.name}</Item>
          ))}
        </Command.Group>
      ) : null}
      {prompts.data?.data.length ? (
        <Command.Group heading={t("prompts")} className={groupClass}>
          {prompts.data.data.map((prompt) => (
            <Item key={prompt.id} icon={ScrollText} value={`${promptTitle(prompt)} ${q} ${prompt.id}`} onSelect={() => go(`/prompts/${prompt.id}`)}>
              <bdi>{promptTitle(prompt)}</bdi>
            </Item>
          ))}
        </Command.Group>
      ) : null}
    </>
  );
}

/** One's other organisations, and a new one. */
function Organizations({ run }: { run: (action: () => void) => () => void }) {
  const t = useT("core.orgs");
  const list = useOrganizations(true);
  const standing = useStanding();
  const failed = useActionFailed();
  const { whenLeft } = useSwitchOrganization();
  const create = useUi((state) => state.setCreatingOrg);
  return (
    <Command.Group heading={t("title")} className={groupClass}>
      {list.data?.data.filter(({ current }) => !current).map((org) => (
        <Item key={org.id} icon={Building2} value={`${t("switch_to", { name: org.name })} ${org.id}`} onSelect={run(() => whenLeft(org.id, failed))}>
          {t("switch_to", { name: org.name })} <span className="text-muted-foreground">· {standing(org)}</span>
        </Item>
      ))}
      <Item icon={Plus} onSelect={run(() => create(true))}>{t("create")}</Item>
    </Command.Group>
  );
}

/** Gives the focus back to what had it, unless the command that was chosen has taken it. */
function useFocusReturn(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(() => () => {
    if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
  }, [before]);
}

export function CommandMenu() {
  const t = useT("core");
  const navigate = useNavigate();
  const { resolvedTheme, setTheme } = useTheme();
  const setOpen = useUi((state) => state.setPaletteOpen);
  const setShortcutsOpen = useUi((state) => state.setShortcutsOpen);
  const [query, setQuery] = useState("");
  const deferred = useDeferredValue(query);
  const navigation = useNavigation();
  const permissions = useMe()?.permissions ?? [];
  useFocusReturn();

  const run = (action: () => void) => () => {
    setOpen(false);
    action();
  };
  const go = (to: string) => run(() => navigate(to))();

  return (
    <Command.Dialog
      open
      onOpenChange={setOpen}
      label={t("palette.label")}
      loop
      // Ctrl+K closes what it opened.
      vimBindings={false}
      overlayClassName="fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]"
      contentClassName="fixed inset-x-4 top-[12vh] z-50 mx-auto max-w-xl animate-in overflow-hidden rounded-2xl border bg-popover shadow-pop"
    >
      <Command.Input
        value={query}
        onValueChange={setQuery}
        placeholder={t("palette.placeholder")}
        className="h-13 w-full border-b bg-transparent px-5 text-[0.9375rem] outline-none placeholder:text-muted-foreground"
      />
      <Command.List className="max-h-[min(26rem,60vh)] overflow-y-auto p-2">
        <Command.Empty className="px-3 py-8 text-center text-sm text-muted-foreground">{t("palette.empty")}</Command.Empty>
        <Found query={deferred} go={go} />
        <Command.Group heading={t("palette.actions")} className={groupClass}>
          {permissions.includes("agents:write") ? <Item icon={Plus} hint="C" onSelect={() => go("/agents/new")}>{t("nav.new_agent")}</Item> : null}
          {permissions.includes("prompts:write") ? <Item icon={ScrollText} onSelect={() => go("/prompts/new")}>{t("palette.new_prompt")}</Item> : null}
          {permissions.includes("keys:write") ? <Item icon={KeyRound} onSelect={() => go("/settings?tab=keys")}>{t("palette.create_key")}</Item> : null}
          <Item icon={Moon} onSelect={run(() => setTheme(resolvedTheme === "dark" ? "light" : "dark"))}>{t("palette.switch_theme")}</Item>
          <Item icon={Keyboard} hint="?" onSelect={run(() => setShortcutsOpen(true))}>{t("palette.shortcuts")}</Item>
        </Command.Group>
        <Command.Group heading={t("palette.go_to")} className={groupClass}>
          {navigation.map(({ name, href, icon }) => <Item key={name} icon={icon} onSelect={() => go(href)}>{t(`nav.${name}`)}</Item>)}
        </Command.Group>
        <Organizations run={run} />
      </Command.List>
    </Command.Dialog>
  );
}
