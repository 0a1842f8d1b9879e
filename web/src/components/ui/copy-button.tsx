"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState, type ComponentProps } from "react";

import { Button } from "./button";

/** Copies `text`; says so for a moment in its icon and its name. */
export function CopyButton({ text, label, copiedLabel, showLabel = false, ...props }: {
  text: string | (() => string);
  label: string;
  copiedLabel: string;
  showLabel?: boolean;
} & Omit<ComponentProps<typeof Button>, "children" | "onClick">) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1_800);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
    setCopied(true);
  };
  const name = copied ? copiedLabel : label;
  return (
    <Button variant="ghost" size={showLabel ? "sm" : "icon-sm"} onClick={copy} aria-label={showLabel ? undefined : name} title={showLabel ? undefined : name} {...props}>
      {copied ? <Check className="text-success" /> : <Copy />}
      {showLabel ? name : null}
    </Button>
  );
}
