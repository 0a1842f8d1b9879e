"use client";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { AdminUser, AdminUserInput } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** What became of the account, as a key of `admin.users.done`. */
function outcome({ status, role }: AdminUserInput) {
  if (status) return status === "suspended" ? "suspended" : "resumed";
  return role === "admin" ? "promoted" : "demoted";
}

/** Suspends and resumes, promotes and demotes: the toast takes it back. Sends what sets a new password. */
export function useUserActs() {
  const t = useT("admin.users.done");
  const tCore = useT("core");
  const failed = useActionFailed();
  const change = $api.useMutation("patch", "/v1/admin/users/{id}");
  const reset = $api.useMutation("post", "/v1/admin/users/{id}/reset-password");

  const apply = async (user: AdminUser, body: AdminUserInput, back: AdminUserInput | null) => {
    try {
      const { name } = await change.mutateAsync({ params: { path: { id: user.id } }, body });
      toast({ title: t(outcome(body), { name }), ...(back ? { action: { label: tCore("undo"), onClick: () => void apply(user, back, null) } } : {}) });
    } catch (thrown) {
      failed(thrown);
    }
  };
  return {
    pending: change.isPending || reset.isPending,
    setStatus: (user: AdminUser, status: AdminUser["status"]) => void apply(user, { status }, { status: user.status }),
    setRole: (user: AdminUser, role: AdminUser["role"]) => void apply(user, { role }, { role: user.role }),
    sendReset: async (user: AdminUser) => {
      try {
        await reset.mutateAsync({ params: { path: { id: user.id } } });
        toast({ title: t("reset", { name: user.name }), description: t("reset_body") });
      } catch (thrown) {
        failed(thrown);
      }
    },
  };
}
