"use client";

import { useEffect, useState } from "react";

import { api } from "@/lib/api/client";
import type { SignInOptions } from "@/lib/api/schema";

let asked: Promise<SignInOptions | null> | null = null;

/** How people get in here; null when the server does not tell. Asked once for all pages of a visit. */
function signInOptions(): Promise<SignInOptions | null> {
  asked ??= api.GET("/v1/auth/providers").then(({ data }) => data ?? null).catch(() => {
    asked = null;
    return null;
  });
  return asked;
}

/** The same for a page; null until it is known. Without it the page offers what always works. */
export function useSignInOptions(): SignInOptions | null {
  const [options, setOptions] = useState<SignInOptions | null>(null);
  useEffect(() => {
    let current = true;
    void signInOptions().then((told) => {
      if (current) setOptions(told);
    });
    return () => {
      current = false;
    };
  }, []);
  return options;
}
