"use client";

import { Compass } from "lucide-react";

import { Button } from "@/components/ui/button";
import { EmptyState } from "@/components/ui/empty-state";
import { MessagesProvider, useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { loadSignedOut } from "@/messages/load-signed-out";

import * as english from "@/messages/en/signed-out";

import { Brand } from "./brand";

function Content() {
  const t = useT("core.error");
  return (
    <main className="page grid min-h-dvh max-w-xl content-center gap-8">
      <Link href="/" className="justify-self-center rounded-lg"><Brand /></Link>
      <EmptyState icon={Compass} title={t("not_found_title")} action={<Button asChild><Link href="/">{t("home")}</Link></Button>}>
        {t("not_found_body")}
      </EmptyState>
    </main>
  );
}

export function NotFoundScreen() {
  return <MessagesProvider english={english} load={loadSignedOut}><Content /></MessagesProvider>;
}
