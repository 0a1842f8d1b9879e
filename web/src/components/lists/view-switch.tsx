"use client";

import { LayoutGrid, Rows3 } from "lucide-react";

import { Segmented } from "@/components/ui/segmented";
import { useT } from "@/lib/i18n";

export type ListView = "cards" | "table";

/** Cards or a table; phones always show cards. */
export function ViewSwitch({ view, onChange }: { view: ListView; onChange: (view: ListView) => void }) {
  const t = useT("core.view");
  return (
    <Segmented
      className="ms-auto hidden md:inline-flex"
      label={t("label")}
      value={view}
      onChange={onChange}
      options={[
        { value: "cards", label: <LayoutGrid aria-hidden="true" />, name: t("cards") },
        { value: "table", label: <Rows3 aria-hidden="true" />, name: t("table") },
      ]}
    />
  );
}
