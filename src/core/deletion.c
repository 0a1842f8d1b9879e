#include "core/accounts.h"
#include "core/internal.h"
#include "core/mail.h"
#include "core/orgs.h"

/*
 * The end of an account. One transaction takes every way in, the memberships and the person's name;
 * what the personal organisation holds, and what was seen by nobody else in the others, is purged
 * by housekeeping afterwards (purge.c), which goes on where it was if the process ends meanwhile.
 */

struct deletion {
    struct ag_scope *scope;
    struct ag_uuid id;
    bool by_admin;
};

/* Nobody is left to administer the server otherwise. */
static enum ag_err check_admins(struct ag_tx *tx, const struct deletion *deletion)
{
    struct ag_standing standing;
    int64_t others;
    AG_TRY(ag_accounts_lock(tx, deletion->id, &standing));
    if (!ag_str_eq(standing.role, AG_STR("admin")) || !ag_str_eq(standing.status, AG_STR("active")))
        return AG_OK;
    AG_TRY(ag_accounts_other_admins(tx, deletion->id, &others));
    if (others > 0) return AG_OK;
    return ag_fail(AG_E_CONFLICT,
                   "this is the last administrator of the server: make another one first");
}

/* Leaves an organisation to its other members, or ends it when there is none. */
static enum ag_err leave(struct ag_tx *tx, const struct deletion *deletion,
                         const struct ag_deletion_org *org, int64_t now)
{
    const struct ag_scope *scope = deletion->scope;
    const struct ag_uuid nobody = {{0}}; /* an administrator of the server inherits nothing */
    struct ag_member member;
    int64_t members;
    bool personal;
    enum ag_err err = ag_org_lock(tx, org->id, &personal);
    if (err == AG_OK) err = ag_members_lock(tx, org->id, deletion->id, &member);
    /* It was deleted, or they were removed from it, since it was listed. */
    if (err == AG_E_NOT_FOUND) return AG_OK;
    AG_TRY(err);
    AG_TRY(ag_members_count(tx, org->id, &members));
    if (personal) AG_TRY(ag_orgs_rename(tx, org->id, AG_STR("(deleted)"), now));
    if (personal || members == 1) return ag_org_end_tx(tx, scope, org->id);
    if (ag_check_not_last_owner(tx, org->id, &member) == AG_E_CONFLICT)
        return ag_fail(AG_E_CONFLICT,
                       "the organisation %.*s would have no owner: make another member one "
                       "first, or delete it",
                       AG_STR_ARG(org->name));
    return ag_member_end_tx(tx, scope, org->id, &member, nobody,
                            deletion->by_admin ? "member.removed" : "member.left");
}

static enum ag_err deletion_tx(struct ag_tx *tx, void *arg)
{
    const struct deletion *deletion = arg;
    const struct ag_uuid server_log = {{0}};
    int64_t now = ag_wall_ms();
    char text[AG_UUID_TEXT_BYTES];
    struct ag_list orgs;
    if (deletion->by_admin) AG_TRY(ag_admin_actor(tx, deletion->scope));
    AG_TRY(ag_accounts_lock_admins(tx));
    enum ag_err err = ag_person_lock(tx, deletion->id);
    if (err == AG_E_UNAUTHENTICATED && deletion->by_admin)
        return ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
    AG_TRY(err);
    if (!deletion->by_admin) AG_TRY(ag_self_lock(tx, deletion->scope));
    AG_TRY(check_admins(tx, deletion));
    AG_TRY(ag_deletion_orgs(tx, deletion->id, &orgs));
    for (size_t i = 0; i < orgs.count; i++) {
        const struct ag_deletion_org *org = (const struct ag_deletion_org *)orgs.items + i;
        struct ag_tenant before = ag_tx_tenant_swap(tx, ag_tenant(org->id));
        err = leave(tx, deletion, org, now);
        ag_tx_tenant_swap(tx, before);
        AG_TRY(err);
    }
    AG_TRY(ag_deletion_bury(tx, deletion->id, now));
    return ag_audit_in(tx, deletion->scope, server_log, deletion->scope->who.user_id,
                       "user.deleted",
                       ag_details(ag_tx_arena(tx), "user_id", ag_uuid_format(deletion->id, text)));
}

static enum ag_err delete_account(struct ag_scope *scope, struct ag_uuid id, bool by_admin)
{
    struct deletion deletion = {.scope = scope, .id = id, .by_admin = by_admin};
    struct ag_core *core = scope->core;
    struct ag_account account;
    AG_TRY(ag_accounts_get(core->db, scope->arena, id, &account));
    AG_TRY(ag_db_write(core->db, scope->arena, deletion_tx, &deletion));
    ag_access_changed(core);
    ag_agents_changed(core);
    /* Whoever registers and deletes in turn must not have this server write to a stranger. */
    const struct ag_mail_values values = {.name = account.name};
    if (account.email_verified) ag_mail_send(core, AG_MAIL_ACCOUNT_DELETED, account.email, &values);
    return AG_OK;
}

enum ag_err ag_me_delete(struct ag_scope *scope)
{
    AG_TRY(ag_require_recent(scope));
    enum ag_err err = delete_account(scope, scope->who.user_id, false);
    if (err != AG_E_NOT_FOUND) return err;
    return ag_fail(AG_E_UNAUTHENTICATED, "this account was deleted meanwhile");
}

enum ag_err ag_account_delete(struct ag_scope *scope, struct ag_uuid id)
{
    if (ag_uuid_eq(id, scope->who.user_id))
        return ag_fail(AG_E_CONFLICT, "this is your own account: delete it in its own settings");
    return delete_account(scope, id, true);
}
