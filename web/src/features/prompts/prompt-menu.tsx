"use client";

import { ClipboardCopy, Copy, MoreHorizontal, Trash2 } from "lucide-react";

import { May } from "@/components/shell/may";
import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { toast } from "@/components/ui/toast";
import type { Prompt } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

import { titleOf } from "./draft";
import { usePromptActions } from "./use-prompts";

export function PromptMenu({ prompt, onDelete }: { prompt: Prompt; onDelete?: () => void }) {
  const t = useT("prompts.action");
  const { deletePrompt, duplicatePrompt } = usePromptActions();
  const copyText = () => void navigator.clipboard.writeText(prompt.prompt_text).then(() => toast({ title: t("text_copied") }));
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon-sm" aria-label={t("menu", { name: titleOf(prompt) })}><MoreHorizontal /></Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent>
        <DropdownMenuItem onSelect={copyText}><ClipboardCopy />{t("copy_text")}</DropdownMenuItem>
        <May permission="prompts:write">
          <DropdownMenuItem onSelect={() => void duplicatePrompt(prompt)}><Copy />{t("duplicate")}</DropdownMenuItem>
          <DropdownMenuSeparator />
          <DropdownMenuItem tone="destructive" onSelect={onDelete ?? (() => void deletePrompt(prompt))}><Trash2 />{t("delete")}</DropdownMenuItem>
        </May>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}
