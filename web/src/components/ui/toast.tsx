"use client";

import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Toast as Primitive } from "radix-ui";
import { create } from "zustand";

import { cn } from "@/lib/cn";

import { Button } from "./button";

export interface ToastInput {
  title: string;
  description?: string | undefined;
  tone?: "success" | "error" | "info";
  /** One thing to do about it, such as Undo. */
  action?: { label: string; onClick: () => void };
  /** Milliseconds; with an action it stays longer. */
  duration?: number;
}

interface ToastItem extends ToastInput {
  id: number;
  open: boolean;
}

const MOST_SHOWN = 4;
let lastId = 0;

const useToasts = create<{ items: ToastItem[] }>(() => ({ items: [] }));

/** Shows a toast from anywhere; returns its id. */
export function toast(input: ToastInput): number {
  const id = ++lastId;
  useToasts.setState(({ items }) => ({ items: [...items.slice(1 - MOST_SHOWN), { ...input, id, open: true }] }));
  return id;
}

export function dismissToast(id: number): void {
  useToasts.setState(({ items }) => ({ items: items.filter((item) => item.id !== id) }));
}

const ICONS = { success: CircleCheck, error: CircleAlert, info: Info } as const;
const TONES = { success: "text-success", error: "text-destructive", info: "text-primary" } as const;

/** Where toasts appear; once, in the root layout. `label` names the region, `close` its buttons. */
export function Toaster({ label, close }: { label: string; close: string }) {
  const items = useToasts((state) => state.items);
  return (
    <Primitive.Provider label={label} swipeDirection="right">
      {items.map(({ id, title, description, tone = "success", action, duration }) => {
        const Icon = ICONS[tone];
        return (
          <Primitive.Root
            key={id}
            duration={duration ?? (action || tone === "error" ? 9_000 : 4_500)}
            onOpenChange={(open) => { if (!open) dismissToast(id); }}
            className="flex animate-in items-start gap-3 rounded-xl border bg-popover p-3.5 shadow-pop"
          >
            <Icon aria-hidden="true" className={cn("mt-0.5 size-4.5 shrink-0", TONES[tone])} />
            <div className="grid min-w-0 grow gap-0.5">
              <Primitive.Title className="text-sm font-medium">{title}</Primitive.Title>
              {description ? <Primitive.Description className="text-[0.8125rem] break-words text-muted-foreground">{description}</Primitive.Description> : null}
            </div>
            {action ? (
              <Primitive.Action altText={action.label} asChild onClick={action.onClick}>
                <Button size="sm" variant="soft" className="-my-0.5">{action.label}</Button>
              </Primitive.Action>
            ) : null}
            <Primitive.Close asChild>
              <Button size="icon-sm" variant="ghost" className="-m-1 size-7" aria-label={close}><X /></Button>
            </Primitive.Close>
          </Primitive.Root>
        );
      })}
      <Primitive.Viewport className="fixed inset-e-4 bottom-4 z-60 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2 outline-none" />
    </Primitive.Provider>
  );
}
