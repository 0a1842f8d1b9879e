#include "core/orgs.h"

#include "core/internal.h"

/* ---- one's organisations ---- */

enum ag_err ag_org_list(struct ag_scope *scope, const struct ag_page *page,
                        struct ag_list *ret_orgs)
{
    struct ag_list orgs;
    AG_TRY(ag_orgs_list(scope->core->db, scope->arena, scope->who.user_id, page, &orgs));
    struct ag_org_summary *items = orgs.items;
    for (size_t i = 0; i < orgs.count; i++)
        items[i].current = ag_uuid_eq(items[i].id, scope->who.org_id);
    *ret_orgs = orgs;
    return AG_OK;
}

struct org_create {
    struct ag_scope *scope;
    struct ag_org org;
};

static enum ag_err org_create_tx(struct ag_tx *tx, void *arg)
{
    struct org_create *create = arg;
    const struct ag_org *org = &create->org;
    struct ag_uuid user = create->scope->who.user_id;
    const struct ag_member_role owner = {.role = AG_STR("owner")};
    AG_TRY(ag_person_lock(tx, user));
    AG_TRY(ag_self_check(tx, create->scope));
    AG_TRY(ag_check_may_join(tx, user, true));
    ag_tx_tenant_swap(tx, ag_tenant(org->id));
    AG_TRY(ag_orgs_insert(tx, org));
    AG_TRY(ag_members_insert(tx, org->id, user, &owner, org->created_at));
    return ag_audit_in(tx, create->scope, org->id, user, "organization.created",
                       ag_details(ag_tx_arena(tx), "name", org->name));
}

enum ag_err ag_org_create(struct ag_scope *scope, struct ag_str name, struct ag_org *ret_org)
{
    struct org_create create = {
        .scope = scope,
        .org = {.id = ag_scope_new_id(scope), .name = name, .created_at = ag_wall_ms()},
    };
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, org_create_tx, &create);
    /* The id was reserved by a request whose process died after this commit. */
    if (err != AG_E_EXISTS || ag_uuid_is_nil(scope->reserved_id)) AG_TRY(err);
    AG_ACT_FOR(create.org.id);
    return ag_orgs_get(scope->core->db, scope->arena, create.org.id, scope->who.user_id, ret_org);
}

/* ---- switching ---- */

struct org_switch {
    struct ag_scope *scope;
    struct ag_uuid org;
};

static enum ag_err org_switch_tx(struct ag_tx *tx, void *arg)
{
    struct org_switch *args = arg;
    const struct ag_principal *who = &args->scope->who;
    struct ag_member self;
    /* The account first, as by its end, which takes memberships and sessions in turn. */
    AG_TRY(ag_self_lock(tx, args->scope));
    ag_tx_tenant_swap(tx, ag_tenant(args->org));
    enum ag_err err = ag_members_lock(tx, args->org, who->user_id, &self);
    if (err == AG_E_NOT_FOUND) return ag_fail(AG_E_NOT_FOUND, "there is no such organisation");
    AG_TRY(err);
    AG_TRY(ag_sessions_act_in(tx, who->session_id, args->org));
    return ag_audit_in(tx, args->scope, args->org, who->user_id, "auth.organization_switched",
                       AG_STR("{}"));
}

enum ag_err ag_org_switch(struct ag_scope *scope, struct ag_uuid org, struct ag_me *ret_me)
{
    struct org_switch args = {scope, org};
    if (!ag_uuid_eq(org, scope->who.org_id)) {
        AG_TRY(ag_db_write(scope->core->db, scope->arena, org_switch_tx, &args));
        ag_access_changed(scope->core);
        AG_TRY(ag_principal_reload(scope));
    }
    AG_ACT_FOR(scope->who.org_id);
    return ag_me(scope, ret_me);
}

/* ---- the current one ---- */

enum ag_err ag_org_current(struct ag_scope *scope, struct ag_org *ret_org)
{
    struct ag_db *db = scope->core->db;
    const struct ag_principal *who = &scope->who;
    if (who->shared_key) return ag_orgs_get_for_key(db, scope->arena, who->org_id, ret_org);
    enum ag_err err = ag_orgs_get(db, scope->arena, who->org_id, who->user_id, ret_org);
    if (err != AG_E_NOT_FOUND) return err;
    ag_access_changed(scope->core);
    if (who->credential == AG_CRED_KEY)
        return ag_fail(AG_E_UNAUTHENTICATED, "its owner left the organisation of this key");
    AG_TRY(ag_principal_reload(scope));
    AG_ACT_FOR(who->org_id);
    return ag_orgs_get(db, scope->arena, who->org_id, who->user_id, ret_org);
}

struct org_rename {
    struct ag_scope *scope;
    struct ag_str name;
};

static enum ag_err org_rename_tx(struct ag_tx *tx, void *arg)
{
    struct org_rename *args = arg;
    struct ag_uuid org = args->scope->who.org_id;
    uint64_t held;
    AG_TRY(ag_org_actor(tx, args->scope, AG_PERM_ORG_WRITE, &held));
    AG_TRY(ag_orgs_rename(tx, org, args->name, ag_wall_ms()));
    return ag_audit(tx, args->scope, "organization.renamed",
                    ag_details(ag_tx_arena(tx), "name", args->name));
}

enum ag_err ag_org_rename(struct ag_scope *scope, struct ag_str name, struct ag_org *ret_org)
{
    struct org_rename args = {scope, name};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, org_rename_tx, &args));
    return ag_org_current(scope, ret_org);
}

/* ---- its end ---- */

enum ag_err ag_org_end_tx(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org)
{
    int64_t keys;
    AG_TRY(ag_orgs_end(tx, org, ag_wall_ms(), &keys));
    /* Thousands, maybe: the log of an organisation that is gone has their number. */
    struct ag_str details = ag_arena_printf(ag_tx_arena(tx), "{\"api_keys\":%lld}",
                                            (long long)keys);
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for the activity log");
    return ag_audit_in(tx, scope, org, scope->who.user_id, "organization.deleted", details);
}

static enum ag_err org_delete_tx(struct ag_tx *tx, void *arg)
{
    struct ag_scope *scope = arg;
    const struct ag_principal *who = &scope->who;
    bool personal;
    uint64_t held;
    AG_TRY(ag_org_lock(tx, who->org_id, &personal));
    AG_TRY(ag_org_actor(tx, scope, AG_PERM_ORG_DELETE, &held));
    if (personal)
        return ag_fail(AG_E_CONFLICT,
                       "a personal organisation ends with its account: delete that instead");
    return ag_org_end_tx(tx, scope, who->org_id);
}

enum ag_err ag_org_delete(struct ag_scope *scope)
{
    AG_TRY(ag_db_write(scope->core->db, scope->arena, org_delete_tx, scope));
    ag_access_changed(scope->core);
    ag_agents_changed(scope->core);
    return AG_OK;
}

/* ---- another owner ---- */

struct org_transfer {
    struct ag_scope *scope;
    struct ag_uuid user;
    bool no_member;
};

static enum ag_err org_transfer_tx(struct ag_tx *tx, void *arg)
{
    struct org_transfer *args = arg;
    const struct ag_principal *who = &args->scope->who;
    const struct ag_member_role owner = {.role = AG_STR("owner")},
                                admin = {.role = AG_STR("admin")};
    struct ag_member heir;
    bool personal;
    uint64_t held;
    AG_TRY(ag_person_wait(tx, args->user));
    AG_TRY(ag_org_lock(tx, who->org_id, &personal));
    AG_TRY(ag_org_actor(tx, args->scope, AG_PERM_ORG_DELETE, &held));
    enum ag_err err = ag_members_lock(tx, who->org_id, args->user, &heir);
    args->no_member = err == AG_E_NOT_FOUND;
    AG_TRY(err);
    if (ag_uuid_eq(args->user, who->user_id))
        return ag_fail(AG_E_CONFLICT, "you are its owner already; name another member");
    if (!ag_str_eq(heir.role, owner.role)) AG_TRY(ag_check_may_own(tx, args->user));
    AG_TRY(ag_members_set_role(tx, who->org_id, args->user, &owner));
    AG_TRY(ag_members_set_role(tx, who->org_id, who->user_id, &admin));
    AG_TRY(ag_invitations_sweep(tx, args->scope, who->org_id));
    return ag_audit(
        tx, args->scope, "organization.transferred",
        AG_DETAILS(ag_tx_arena(tx), ag_detail_id(ag_tx_arena(tx), "user_id", args->user)));
}

enum ag_err ag_org_transfer(struct ag_scope *scope, struct ag_uuid user)
{
    struct org_transfer args = {.scope = scope, .user = user};
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, org_transfer_tx, &args);
    if (err == AG_E_NOT_FOUND && args.no_member) {
        ag_field_error(scope->errors, scope->arena, "user_id", "choice",
                       "is no member of this organisation");
        return ag_fail(AG_E_INVALID, "ownership goes to a member");
    }
    AG_TRY(err);
    ag_access_changed(scope->core);
    return AG_OK;
}
