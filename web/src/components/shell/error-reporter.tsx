"use client";

import { useEffect } from "react";

import { reportError } from "@/lib/report-error";

function textOf(reason: unknown): { message: string; stack: string | undefined } {
  return reason instanceof Error ? { message: `${reason.name}: ${reason.message}`, stack: reason.stack } : { message: String(reason), stack: undefined };
}

/** Reports what nobody caught: errors, rejections, and what the content security policy refused. */
export function ErrorReporter() {
  useEffect(() => {
    const onError = (event: ErrorEvent) => reportError({ kind: "error", ...textOf(event.error ?? event.message) });
    const onRejection = (event: PromiseRejectionEvent) => {
      if (event.reason instanceof DOMException && event.reason.name === "AbortError") return;
      reportError({ kind: "rejection", ...textOf(event.reason) });
    };
    const onViolation = (event: SecurityPolicyViolationEvent) =>
      reportError({ kind: "csp", message: `${event.effectiveDirective} refused ${event.blockedURI}`, stack: event.sourceFile });
    window.addEventListener("error", onError);
    window.addEventListener("unhandledrejection", onRejection);
    document.addEventListener("securitypolicyviolation", onViolation);
    return () => {
      window.removeEventListener("error", onError);
      window.removeEventListener("unhandledrejection", onRejection);
      document.removeEventListener("securitypolicyviolation", onViolation);
    };
  }, []);
  return null;
}
