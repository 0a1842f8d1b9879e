import type { KeyboardEvent } from "react";

/** Safari ends a composition before its last key, which it marks so. */
const PROCESSING_KEY = 229;

/** Whether the key belongs to an input method: its Enter chooses a word and sends nothing. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.nativeEvent.isComposing || event.keyCode === PROCESSING_KEY;
}
