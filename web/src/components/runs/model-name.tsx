import { cn } from "@/lib/cn";

/** A model's name, its provider in the title. Names are read left to right in every language. */
export function ModelName({ provider, model, className }: { provider?: string | undefined; model: string; className?: string }) {
  const slash = provider === undefined ? model.indexOf("/") : -1;
  const name = slash > 0 ? model.slice(slash + 1) : model;
  const full = provider === undefined ? model : `${provider}/${model}`;
  return <bdi dir="ltr" title={full} className={cn("inline-block max-w-full truncate align-bottom", className)}>{name}</bdi>;
}
