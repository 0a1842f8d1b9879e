import type { createLowlight } from "lowlight";

type Lowlight = ReturnType<typeof createLowlight>;
export type HighlightTree = ReturnType<Lowlight["highlight"]>;

/** Longer code is shown as it is: colours are not worth a page that stands still. */
const MAX_CHARS = 40_000;

let loading: Promise<Lowlight> | null = null;

async function load(): Promise<Lowlight> {
  const { common, createLowlight } = await import("lowlight");
  return createLowlight(common);
}

/** The code's tokens, or null where there is nothing to colour. The grammars are loaded at the first call. */
export async function highlight(code: string, language: string): Promise<HighlightTree | null> {
  if (code.length > MAX_CHARS || language === "") return null;
  loading ??= load();
  const lowlight = await loading.catch(() => {
    loading = null; // offline, perhaps: the next block tries again
    return null;
  });
  return lowlight?.registered(language) ? lowlight.highlight(language, code) : null;
}
