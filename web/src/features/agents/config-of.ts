import type { AgentConfig } from "@/lib/api/schema";

/** A stored configuration. The server checked it against AgentConfig when it was stored. */
export function configOf(config: Readonly<Record<string, unknown>>): AgentConfig {
  return config as AgentConfig;
}
