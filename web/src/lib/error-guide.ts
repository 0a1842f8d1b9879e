/**
 * Which explanation belongs to an error code: several codes of the server's error table need the same
 * thing done about them. The words stand in the messages, `errors.guide.<topic>`.
 */
const TOPICS = {
  model_unavailable: "model_unconfigured",
  upstream_not_found: "model_unknown",
  upstream_auth_failed: "key_refused",
  upstream_rate_limited: "rate_limited",
  rate_limited: "rate_limited",
  upstream_overloaded: "provider_busy",
  agent_unavailable: "provider_busy",
  upstream_error: "provider_failed",
  upstream_unreachable: "unreachable",
  upstream_timeout: "too_slow",
  timeout: "too_slow",
  upstream_rejected: "rejected",
  upstream_invalid_response: "broken_answer",
  upstream_incomplete: "broken_answer",
  upstream_too_large: "too_large",
  egress_denied: "address_refused",
  overloaded: "server_busy",
  draining: "interrupted",
  interrupted: "interrupted",
  canceled: "interrupted",
  out_of_memory: "server_busy",
  storage_unavailable: "storage",
  storage_full: "storage_full",
  validation_failed: "invalid",
  not_found: "agent_gone",
  agent_not_published: "not_published",
  network: "offline",
  lost: "offline",
} as const;

export type ErrorTopic = (typeof TOPICS)[keyof typeof TOPICS] | "internal" | "unknown";

/** The topic of a code; `internal` and `unknown` for the rest. */
export function topicOf(code: string | null): ErrorTopic {
  if (code !== null && Object.hasOwn(TOPICS, code)) return TOPICS[code as keyof typeof TOPICS];
  return code === "internal_error" || code === "io_error" ? "internal" : "unknown";
}

/** Where one goes to mend it: the agent's configuration or the providers' keys; null where waiting helps. */
export function remedyOf(topic: ErrorTopic): "agent" | "providers" | null {
  switch (topic) {
    case "model_unknown":
    case "rejected":
    case "too_large":
    case "invalid":
    case "not_published":
      return "agent";
    case "model_unconfigured":
    case "key_refused":
    case "unreachable":
    case "address_refused":
      return "providers";
    default:
      return null;
  }
}
