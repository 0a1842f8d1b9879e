"use client";

import { useState } from "react";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { $api } from "@/lib/api/query";
import type { AgentDraft } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useNavigate } from "@/lib/nav";

export interface CreateDraft {
  /** What is being made, by the caller's own name for it; null: nothing. */
  making: string | null;
  create: (key: string, draft: AgentDraft, build?: boolean) => Promise<void>;
}

/** Makes a draft on the server and opens it; with `build`, its fields are written from its sentence there. */
export function useCreateDraft(): CreateDraft {
  const t = useT("start");
  const fail = useActionFailed();
  const navigate = useNavigate();
  const [making, setMaking] = useState<string | null>(null);
  const { mutateAsync } = $api.useMutation("post", "/v1/agents");

  const create = async (key: string, draft: AgentDraft, build = false) => {
    if (making !== null) return;
    setMaking(key);
    try {
      const agent = await mutateAsync({ body: { draft } });
      navigate(`/agents/${agent.id}/edit${build ? "?build=1" : ""}`);
    } catch (thrown) {
      fail(thrown, t("create_failed"));
      setMaking(null);
    }
  };
  return { making, create };
}
