"use client";

import { useEffect, useRef, useState } from "react";

const WAIT_MS = 250;

/**
 * A text that is typed here and known elsewhere (the address): shows at once what is typed and tells it
 * when typing pauses; follows when it changes elsewhere.
 */
export function useDebounced(value: string, onChange: (value: string) => void): [string, (value: string) => void] {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  const latest = useRef(onChange);
  useEffect(() => {
    latest.current = onChange;
  });
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => latest.current(text), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, value]);
  return [text, setText];
}
