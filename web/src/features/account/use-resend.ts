"use client";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { toast } from "@/components/ui/toast";
import { toApiError } from "@/lib/api/problem";
import { $api } from "@/lib/api/query";
import { useSendsMail, useSession } from "@/lib/api/session";
import { useT } from "@/lib/i18n";

/** Asks for another link that proves the address; where no mail goes out, it is in the server's log. */
export function useResend(): { send: () => void; busy: boolean } {
  const t = useT("account.email");
  const mails = useSendsMail();
  const failed = useActionFailed();
  const { refetch } = useSession();
  const resend = $api.useMutation("post", "/v1/auth/resend-verification");
  const send = () => resend.mutate({}, {
    onSuccess: () => toast({ tone: mails ? "success" : "info", title: t(mails ? "resent" : "relogged"), description: t(mails ? "resent_hint" : "relogged_hint") }),
    onError: (error) => {
      // It was proved meanwhile, in another window.
      if (toApiError(error).status === 409) void refetch();
      else failed(error);
    },
  });
  return { send, busy: resend.isPending };
}
