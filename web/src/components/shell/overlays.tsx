"use client";

import dynamic from "next/dynamic";
import { useEffect, useState } from "react";

import { onReauthentication } from "@/lib/api/reauthenticate";
import { useMe } from "@/lib/api/session";
import { useUi } from "@/lib/store";

import { useShellHotkeys } from "./use-shell-hotkeys";

const CommandMenu = dynamic(() => import("./command-menu").then((module) => module.CommandMenu), { ssr: false });
const ShortcutSheet = dynamic(() => import("./shortcut-sheet").then((module) => module.ShortcutSheet), { ssr: false });
const ExpiredDialog = dynamic(() => import("./expired-dialog").then((module) => module.ExpiredDialog), { ssr: false });

const CreateOrgDialog = dynamic(() => import("./create-org-dialog").then((module) => module.CreateOrgDialog), { ssr: false });
const ReauthDialog = dynamic(() => import("./reauth-dialog").then((module) => module.ReauthDialog), { ssr: false });

/** Whether something waits for the person to prove who they are, and what tells it the answer. */
function useReauthentication() {
  const [answer, setAnswer] = useState<((proved: boolean) => void) | null>(null);
  useEffect(() => onReauthentication(() => new Promise((resolve) => setAnswer(() => resolve))), []);
  if (!answer) return null;
  return (proved: boolean) => {
    setAnswer(null);
    answer(proved);
  };
}

/** What opens above every screen; its code is loaded when it first does. */
export function Overlays() {
  const me = useMe();
  const palette = useUi((state) => state.paletteOpen);
  const shortcuts = useUi((state) => state.shortcutsOpen);
  const expired = useUi((state) => state.sessionExpired);
  const creating = useUi((state) => state.creatingOrg);
  const onAnswer = useReauthentication();
  useShellHotkeys();
  return (
    <>
      {palette ? <CommandMenu /> : null}
      {shortcuts ? <ShortcutSheet /> : null}
      {expired && me ? <ExpiredDialog me={me} /> : null}
      {creating ? <CreateOrgDialog /> : null}
      {onAnswer && me ? <ReauthDialog me={me} onAnswer={onAnswer} /> : null}
    </>
  );
}
