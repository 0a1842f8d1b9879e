"use client";

import { useMemo, useState } from "react";

import { FilterBar } from "@/components/lists/filter-bar";
import { FilterSelect } from "@/components/lists/filter-select";
import { ListFrame, NothingFound } from "@/components/lists/list-frame";
import { SearchField } from "@/components/lists/search-field";
import { Card } from "@/components/ui/card";
import { $api, BY_CURSOR } from "@/lib/api/query";
import type { AdminUser } from "@/lib/api/schema";
import { useT } from "@/lib/i18n";
import { useQueryState } from "@/lib/nav";

import { USER_ROLES, USER_STATUSES, readUserFilters, toUsersQuery } from "./filters";
import { ListSkeleton } from "./list-skeleton";
import { DeleteUserDialog, SignOutDialog } from "./user-dialogs";
import { UserRow } from "./user-row";

const PAGE = 30;

export function UsersTab() {
  const t = useT("admin.users");
  const [params, setParams] = useQueryState();
  const filters = useMemo(() => readUserFilters(params), [params]);
  const [deleting, setDeleting] = useState<AdminUser | null>(null);
  const [leaving, setLeaving] = useState<AdminUser | null>(null);
  const list = $api.useInfiniteQuery("get", "/v1/admin/users", { params: { query: { limit: PAGE, ...toUsersQuery(filters) } } }, { ...BY_CURSOR, placeholderData: (before) => before });
  const users = list.data?.pages.flatMap((page) => page.data) ?? [];
  const clear = () => setParams({ q: null, status: null, role: null });
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-5">
      <FilterBar
        label={t("filter")}
        search={<SearchField label={t("search")} placeholder={t("search_placeholder")} value={filters.q} onChange={(q) => setParams({ q })} />}
        active={[filters.status, filters.role].filter(Boolean).length}
        onClear={filters.q || filters.status || filters.role ? clear : undefined}
      >
        <FilterSelect className="sm:w-40" label={t("status")} any={t("any_status")} value={filters.status} onChange={(status) => setParams({ status })} choices={USER_STATUSES.map((value) => ({ value, label: t(value) }))} />
        <FilterSelect className="sm:w-40" label={t("role")} any={t("any_role")} value={filters.role} onChange={(role) => setParams({ role })} choices={USER_ROLES.map((value) => ({ value, label: t(value) }))} />
      </FilterBar>
      <ListFrame query={list} skeleton={<ListSkeleton />} empty={users.length ? null : <NothingFound title={t("nothing_title")} onClear={clear}>{t("nothing_body")}</NothingFound>}>
        <Card>
          <ul aria-label={t("list")} className="divide-y">
            {users.map((user) => <UserRow key={user.id} user={user} onDelete={() => setDeleting(user)} onSignOut={() => setLeaving(user)} />)}
          </ul>
        </Card>
      </ListFrame>
      {deleting ? <DeleteUserDialog user={deleting} onClose={() => setDeleting(null)} /> : null}
      {leaving ? <SignOutDialog user={leaving} onClose={() => setLeaving(null)} /> : null}
    </div>
  );
}
