"use client";

import { useTheme } from "next-themes";
import { useEffect, useRef, useState } from "react";

import { FormError } from "@/components/form-error";
import { Spinner } from "@/components/ui/spinner";
import { cn } from "@/lib/cn";
import { useT } from "@/lib/i18n";

import styles from "./api-explorer.module.css";

interface SwaggerOptions {
  url: string;
  domNode: HTMLElement;
  deepLinking: boolean;
  displayRequestDuration: boolean;
  filter: boolean;
  persistAuthorization: boolean;
  tryItOutEnabled: boolean;
  validatorUrl: null;
  docExpansion: "none" | "list";
  defaultModelsExpandDepth: number;
}

declare global {
  interface Window {
    SwaggerUIBundle?: (options: SwaggerOptions) => unknown;
  }
}

const SCRIPT = "/swagger/swagger-ui-bundle.js";
const STYLE = "/swagger/swagger-ui.css";

function loaded(element: HTMLScriptElement | HTMLLinkElement): Promise<void> {
  return new Promise((resolve, reject) => {
    element.addEventListener("load", () => resolve(), { once: true });
    element.addEventListener("error", () => reject(new Error("not loaded")), { once: true });
    document.head.append(element);
  });
}

async function loadScript(): Promise<void> {
  if (window.SwaggerUIBundle) return;
  const script = document.createElement("script");
  script.src = SCRIPT;
  await loaded(script);
}

/** The style sheet is there only while the explorer is: it is not ours and styles what it likes. */
function attachStyle(): { ready: Promise<void>; detach: () => void } {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = STYLE;
  return { ready: loaded(link), detach: () => link.remove() };
}

function useDarkExplorer(): void {
  const { resolvedTheme } = useTheme();
  useEffect(() => {
    document.documentElement.classList.toggle("dark-mode", resolvedTheme === "dark");
    return () => document.documentElement.classList.remove("dark-mode");
  }, [resolvedTheme]);
}

/** Swagger UI in the app's frame. Its files come with the server; nothing is fetched from elsewhere. */
export function ApiExplorer() {
  const t = useT("docs");
  const box = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<"loading" | "ready" | "failed">("loading");
  useDarkExplorer();

  useEffect(() => {
    const domNode = box.current;
    if (!domNode) return undefined;
    let current = true;
    const style = attachStyle();
    Promise.all([loadScript(), style.ready]).then(
      () => {
        if (!current) return;
        window.SwaggerUIBundle?.({
          url: "/openapi.json",
          domNode,
          deepLinking: false,
          displayRequestDuration: true,
          filter: true,
          persistAuthorization: false,
          tryItOutEnabled: true,
          validatorUrl: null,
          docExpansion: "list",
          defaultModelsExpandDepth: 0,
        });
        setState("ready");
      },
      () => { if (current) setState("failed"); },
    );
    return () => {
      current = false;
      style.detach();
      domNode.replaceChildren();
    };
  }, []);

  return (
    <>
      {state === "loading" ? <p role="status" className="flex items-center gap-3 py-10 text-sm text-muted-foreground"><Spinner />{t("loading")}</p> : null}
      {state === "failed" ? <FormError>{t("failed")}</FormError> : null}
      <div ref={box} dir="ltr" className={cn(styles.explorer, "rounded-xl border bg-card pb-2 empty:hidden")} />
    </>
  );
}
