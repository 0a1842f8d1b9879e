"use client";

import dynamic from "next/dynamic";

import { useSession } from "@/lib/api/session";
import { useUi } from "@/lib/store";

import { useShellHotkeys } from "./use-shell-hotkeys";

const CommandMenu = dynamic(() => import("./command-menu").then((module) => module.CommandMenu), { ssr: false });
const ShortcutSheet = dynamic(() => import("./shortcut-sheet").then((module) => module.ShortcutSheet), { ssr: false });
const ExpiredDialog = dynamic(() => import("./expired-dialog").then((module) => module.ExpiredDialog), { ssr: false });

/** What opens above every screen; its code is loaded when it first does. */
export function Overlays() {
  const { data: user } = useSession();
  const palette = useUi((state) => state.paletteOpen);
  const shortcuts = useUi((state) => state.shortcutsOpen);
  const expired = useUi((state) => state.sessionExpired);
  useShellHotkeys();
  return (
    <>
      {palette ? <CommandMenu /> : null}
      {shortcuts ? <ShortcutSheet /> : null}
      {expired && user ? <ExpiredDialog email={user.email} /> : null}
    </>
  );
}
