"use client";

import { useEffect, useRef, useState } from "react";

const WAIT_MS = 300;

/**
 * A text that is typed here and known elsewhere (the address): shows at once what is typed and tells it,
 * trimmed, when typing pauses; follows when it changes elsewhere.
 */
export function useDebounced(value: string, onChange: (value: string) => void): [string, (value: string) => void] {
  const [text, setText] = useState(value);
  const latest = useRef(onChange);
  const asked = useRef(value);
  useEffect(() => {
    latest.current = onChange;
  });
  useEffect(() => {
    // What comes back of one's own asking changes nothing: more may have been typed meanwhile.
    if (value === asked.current) return;
    asked.current = value;
    setText(value);
  }, [value]);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === asked.current) return undefined;
    const timer = setTimeout(() => {
      asked.current = wanted;
      latest.current(wanted);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText];
}
