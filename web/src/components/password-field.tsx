"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";

import { Field, useFieldProps } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import { passwordStrength, type Strength } from "@/lib/password-strength";

function RevealInput(props: ComponentProps<typeof Input>) {
  const t = useT("auth.field");
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <span className="relative">
      <Input {...useFieldProps()} {...props} type={shown ? "text" : "password"} className="pe-11" />
      <button
        type="button"
        onClick={() => setShown(!shown)}
        aria-label={shown ? t("hide_password") : t("show_password")}
        aria-pressed={shown}
        className="absolute inset-e-1 top-1/2 grid size-8 -translate-y-1/2 place-items-center rounded-md text-muted-foreground hover:bg-muted hover:text-foreground"
      >
        <Icon aria-hidden="true" className="size-4" />
      </button>
    </span>
  );
}

const LEVELS: Readonly<Record<Strength, { bars: number; tone: string }>> = {
  none: { bars: 0, tone: "bg-muted" },
  weak: { bars: 1, tone: "bg-destructive" },
  fair: { bars: 2, tone: "bg-warning" },
  good: { bars: 3, tone: "bg-success" },
  strong: { bars: 4, tone: "bg-success" },
};

export function StrengthMeter({ password, email }: { password: string; email?: string }) {
  const t = useT("auth.strength");
  const strength = passwordStrength(password, email);
  const { bars, tone } = LEVELS[strength];
  return (
    <div className="grid gap-1.5">
      <div role="meter" aria-label={t("label")} aria-valuemin={0} aria-valuemax={4} aria-valuenow={bars} aria-valuetext={t(strength)} className="grid grid-cols-4 gap-1.5">
        {[1, 2, 3, 4].map((bar) => <span key={bar} className={cn("h-1 rounded-full transition-colors", bar <= bars ? tone : "bg-muted")} />)}
      </div>
      <p className="text-[0.8125rem] text-muted-foreground">{t(strength)}</p>
    </div>
  );
}

export function PasswordField({ label, error, hint, ...props }: { label: string; error?: string | undefined; hint?: string | undefined } & ComponentProps<typeof Input>) {
  return (
    <Field label={label} error={error} hint={hint}>
      <RevealInput {...props} />
    </Field>
  );
}
