"use client";

import { LogOut, MailWarning, Menu, Search, User as UserIcon } from "lucide-react";

import { Avatar } from "@/components/ui/avatar";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu";
import { Kbd } from "@/components/ui/kbd";
import { $api } from "@/lib/api/query";
import { useSession } from "@/lib/api/session";
import { useT } from "@/lib/i18n";
import { Link } from "@/lib/nav";
import { modifierKey } from "@/lib/platform";
import { useUi } from "@/lib/store";

import { Brand } from "./brand";
import { LanguageMenu, ThemeMenu } from "./preferences";

function useSignOut(): () => void {
  const logout = $api.useMutation("post", "/v1/auth/logout");
  return () => {
    // Whatever the answer, this tab starts anew at the door: nothing of the session stays in memory.
    logout.mutate({}, { onSettled: () => window.location.assign("/login") });
  };
}

function UserMenu() {
  const t = useT("core.user_menu");
  const tCore = useT("core");
  const { data: user } = useSession();
  const signOut = useSignOut();
  if (!user) return <span className="size-8" />;
  return (
    <DropdownMenu>
      <DropdownMenuTrigger asChild>
        <button type="button" aria-label={t("label")} className="relative ms-1 rounded-full">
          <Avatar name={user.name} />
          {user.email_verified ? null : <span aria-hidden="true" className="absolute inset-e-0 top-0 size-2.5 rounded-full border bg-warning" />}
        </button>
      </DropdownMenuTrigger>
      <DropdownMenuContent className="w-60">
        <div className="flex items-center gap-3 px-2.5 py-2">
          <Avatar name={user.name} />
          <div className="grid min-w-0">
            <span className="truncate text-sm font-medium">{user.name}</span>
            <span className="truncate text-xs text-muted-foreground">{user.email}</span>
            {user.role === "admin" ? <Badge tone="primary" className="mt-1.5 w-fit">{t("administrator")}</Badge> : null}
          </div>
        </div>
        <DropdownMenuSeparator />
        <DropdownMenuItem asChild><Link href="/settings"><UserIcon />{t("profile")}</Link></DropdownMenuItem>
        {user.email_verified ? null : <DropdownMenuItem asChild><Link href="/settings"><MailWarning />{tCore("verify.menu")}</Link></DropdownMenuItem>}
        <DropdownMenuItem onSelect={signOut}><LogOut />{t("sign_out")}</DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  );
}

function SearchButton() {
  const t = useT("core.palette");
  const open = useUi((state) => state.setPaletteOpen);
  return (
    <button
      type="button"
      onClick={() => open(true)}
      aria-label={t("label")}
      aria-keyshortcuts="Meta+K Control+K"
      className="flex h-9 w-9 items-center gap-2.5 rounded-lg border bg-card px-2.5 text-sm text-muted-foreground shadow-card transition-colors hover:bg-muted sm:w-64"
    >
      <Search aria-hidden="true" className="size-4 shrink-0" />
      <span className="hidden grow text-start sm:inline">{t("hint")}</span>
      <span aria-hidden="true" className="hidden gap-1 sm:flex"><Kbd>{modifierKey()}</Kbd><Kbd>K</Kbd></span>
    </button>
  );
}

export function Navbar({ onMenu }: { onMenu: () => void }) {
  const t = useT("core.nav");
  return (
    <header className="sticky top-0 z-30 flex h-14 shrink-0 items-center gap-2 border-b bg-background/85 px-3 backdrop-blur-md md:px-6">
      <Button variant="ghost" size="icon" className="md:hidden" aria-label={t("open_menu")} onClick={onMenu}><Menu /></Button>
      <Link href="/" className="me-auto flex rounded-lg md:hidden"><Brand /></Link>
      <div className="hidden grow md:block" />
      <SearchButton />
      <LanguageMenu />
      <ThemeMenu />
      <UserMenu />
    </header>
  );
}
