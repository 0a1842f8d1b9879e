"use client";

import { useEffect } from "react";

import { useNavigate, type Navigate } from "@/lib/nav";
import { useUi } from "@/lib/store";

const CHORD_MS = 1_200;
const GO_TO: Readonly<Record<string, string>> = { d: "/", a: "/agents", p: "/prompts", r: "/runs", o: "/organization" };

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
  field?.focus();
  field?.select();
  return field !== null;
}

/** One key pressed outside of fields; returns whether it meant something. */
function plainKey(key: string, afterG: boolean, navigate: Navigate): boolean {
  const target = GO_TO[key];
  if (afterG && target) navigate(target);
  else if (key === "?") useUi.getState().setShortcutsOpen(true);
  else if (key === "/") return focusSearch();
  else if (key === "c") navigate("/agents/new");
  else return false;
  return true;
}

/** ⌘K everywhere; `?`, `/`, `c` and `g` then a letter outside of fields. */
export function useShellHotkeys(): void {
  const navigate = useNavigate();
  useEffect(() => {
    let gAt = -CHORD_MS;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      if ((event.metaKey || event.ctrlKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        useUi.getState().setPaletteOpen(!useUi.getState().paletteOpen);
        return;
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target) || document.querySelector('[role="dialog"]')) return;
      const afterG = event.timeStamp - gAt < CHORD_MS;
      gAt = event.key === "g" ? event.timeStamp : -CHORD_MS;
      if (event.key !== "g" && plainKey(event.key, afterG, navigate)) event.preventDefault();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}
