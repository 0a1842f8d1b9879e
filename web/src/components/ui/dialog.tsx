"use client";

import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import { useRef, type ComponentProps, type ReactNode } from "react";

import { cn } from "@/lib/cn";

import { Button } from "./button";

export const Dialog = Primitive.Root;
export const DialogTrigger = Primitive.Trigger;
export const DialogClose = Primitive.Close;

interface PanelProps extends ComponentProps<typeof Primitive.Content> {
  heading: ReactNode;
  description?: ReactNode;
  /** Name of the button that closes it. */
  closeLabel: string;
  /** Lies on whatever else is open, another dialog too. */
  top?: boolean;
}

/**
 * The focus goes to what is marked `data-autofocus`, or to the first control, and in the end back to where it
 * was, also when nothing of the dialog's own opened it.
 */
function useFocusReturn(): Pick<PanelProps, "onOpenAutoFocus" | "onCloseAutoFocus"> {
  const before = useRef<Element | null>(null);
  return {
    onOpenAutoFocus: (event) => {
      before.current = document.activeElement;
      const wanted = event.target instanceof Element ? event.target.querySelector("[data-autofocus]") : null;
      if (!(wanted instanceof HTMLElement)) return;
      event.preventDefault();
      wanted.focus();
    },
    onCloseAutoFocus: (event) => {
      if (!(before.current instanceof HTMLElement) || !before.current.isConnected) return;
      event.preventDefault();
      before.current.focus();
    },
  };
}

function Overlay({ top = false }: { top?: boolean }) {
  return <Primitive.Overlay className={cn("fixed inset-0 z-40 animate-fade bg-black/45 backdrop-blur-[2px]", top && "z-60")} />;
}

function Heading({ heading, description, closeLabel }: Pick<PanelProps, "heading" | "description" | "closeLabel">) {
  return (
    <div className="flex items-start justify-between gap-4">
      <div className="grid gap-1">
        <Primitive.Title className="text-lg font-semibold">{heading}</Primitive.Title>
        {description ? <Primitive.Description className="text-sm text-muted-foreground">{description}</Primitive.Description> : null}
      </div>
      <Primitive.Close asChild>
        <Button variant="ghost" size="icon-sm" className="-me-2 -mt-1" aria-label={closeLabel}><X /></Button>
      </Primitive.Close>
    </div>
  );
}

/** A dialog in the middle of the screen; on phones it sits at the bottom. */
export function DialogContent({ heading, description, closeLabel, top = false, className, children, ...props }: PanelProps) {
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Portal>
      <Overlay top={top} />
      <Primitive.Content
        {...focusReturn}
        {...(description ? {} : { "aria-describedby": undefined })}
        className={cn(
          "fixed inset-x-0 bottom-0 z-50 mx-auto grid max-h-[92dvh] w-full animate-in gap-5 overflow-y-auto rounded-t-2xl border bg-popover p-6 shadow-pop sm:inset-y-0 sm:my-auto sm:h-fit sm:max-w-lg sm:rounded-2xl",
          top && "z-60",
          className,
        )}
        {...props}
      >
        <Heading heading={heading} description={description} closeLabel={closeLabel} />
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** A panel that comes in from the side: `end` for details, `start` for navigation. */
export function SheetContent({ heading, description, closeLabel, side = "end", className, children, ...props }: Omit<PanelProps, "top"> & { side?: "start" | "end" }) {
  const focusReturn = useFocusReturn();
  return (
    <Primitive.Portal>
      <Overlay />
      <Primitive.Content
        {...focusReturn}
        {...(description ? {} : { "aria-describedby": undefined })}
        className={cn(
          "fixed inset-y-0 z-50 flex w-[min(30rem,92vw)] animate-sheet flex-col gap-5 overflow-y-auto border bg-popover p-6 shadow-pop",
          side === "end"
            ? "inset-e-0 [--sheet-from:100%] rtl:[--sheet-from:-100%]"
            : "inset-s-0 [--sheet-from:-100%] rtl:[--sheet-from:100%]",
          className,
        )}
        {...props}
      >
        <Heading heading={heading} description={description} closeLabel={closeLabel} />
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

export function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("flex flex-col-reverse gap-2 sm:flex-row sm:justify-end", className)} {...props} />;
}
