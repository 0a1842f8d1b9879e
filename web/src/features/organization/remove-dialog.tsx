"use client";

import { useActionFailed } from "@/components/shell/use-action-failed";
import { Button } from "@/components/ui/button";
import { Dialog, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { toast } from "@/components/ui/toast";
import { $api } from "@/lib/api/query";
import type { Member } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";

/** Asks first: who is removed loses their keys here, and an invitation does not bring them back. */
export function RemoveDialog({ member, onClose }: { member: Member; onClose: () => void }) {
  const t = useT("org.remove");
  const tCore = useT("core");
  const failed = useActionFailed();
  const remove = $api.useMutation("delete", "/v1/members/{id}");
  const submit = async () => {
    try {
      await remove.mutateAsync({ params: { path: { id: member.id } } });
      toast({ title: t("done", { name: member.name }) });
      onClose();
    } catch (thrown) {
      failed(thrown);
    }
  };
  return (
    <Dialog open onOpenChange={(open) => { if (!open) onClose(); }}>
      <DialogContent heading={t("heading", { name: member.name })} description={t("description")} closeLabel={tCore("close")} className="sm:max-w-md">
        <DialogFooter>
          <Button variant="ghost" onClick={onClose}>{tCore("cancel")}</Button>
          <Button variant="destructive" busy={remove.isPending} onClick={() => void submit()}>{t("action")}</Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
