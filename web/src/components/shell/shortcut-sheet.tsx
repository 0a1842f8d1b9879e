"use client";

import { Dialog, DialogContent } from "@/components/ui/dialog";
import { Kbd } from "@/components/ui/kbd";
import { useT } from "@/lib/i18n";
import { modifierKey } from "@/lib/platform";
import { useUi } from "@/lib/store";

import { OverlayMessages } from "./overlay-messages";

const SHORTCUTS = [
  { name: "palette", keys: ["mod", "K"] },
  { name: "search", keys: ["/"] },
  { name: "new_agent", keys: ["C"] },
  { name: "go_dashboard", keys: ["G", "then", "D"] },
  { name: "go_agents", keys: ["G", "then", "A"] },
  { name: "go_prompts", keys: ["G", "then", "P"] },
  { name: "go_runs", keys: ["G", "then", "R"] },
  { name: "go_organization", keys: ["G", "then", "O"] },
  { name: "run", keys: ["mod", "Enter"] },
  { name: "save", keys: ["mod", "S"] },
  { name: "stop", keys: ["Esc"] },
  { name: "help", keys: ["?"] },
] as const;

function Sheet() {
  const t = useT("overlays.shortcuts");
  const tCore = useT("core");
  const setOpen = useUi((state) => state.setShortcutsOpen);
  return (
    <Dialog open onOpenChange={setOpen}>
      <DialogContent heading={t("title")} closeLabel={tCore("close")} className="sm:max-w-md">
        <dl className="grid gap-0.5">
          {SHORTCUTS.map(({ name, keys }) => (
            <div key={name} className="flex items-center justify-between gap-4 border-b py-2 text-sm last:border-0">
              <dt>{t(name)}</dt>
              <dd className="flex items-center gap-1">
                {keys.map((key) => (key === "then"
                  ? <span key={key} className="text-xs text-muted-foreground">{t("then")}</span>
                  : <Kbd key={key}>{key === "mod" ? modifierKey() : key}</Kbd>))}
              </dd>
            </div>
          ))}
        </dl>
      </DialogContent>
    </Dialog>
  );
}

export function ShortcutSheet() {
  return <OverlayMessages><Sheet /></OverlayMessages>;
}
