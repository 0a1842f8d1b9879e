#include "core/accounts.h"
#include "core/internal.h"
#include "core/mail.h"

/* Accounts of others. What an administrator of the server does with them stands in the server's own
 * log; nothing of what they have in their organisations is seen here. */

static const struct ag_uuid server_log;

struct admin_change {
    struct ag_scope *scope;
    struct ag_uuid id;
    const struct ag_standing_input *input;
};

static enum ag_err audit(struct ag_tx *tx, const struct admin_change *change, const char *action)
{
    char text[AG_UUID_TEXT_BYTES];
    return ag_audit_in(tx, change->scope, server_log, change->scope->who.user_id, action,
                       ag_details(ag_tx_arena(tx), "user_id", ag_uuid_format(change->id, text)));
}

/* ---- standing ---- */

static enum ag_err check_keeps_admin(struct ag_tx *tx, const struct admin_change *change,
                                     const struct ag_standing *before,
                                     const struct ag_standing *after)
{
    bool was = ag_str_eq(before->role, AG_STR("admin")) &&
               ag_str_eq(before->status, AG_STR("active"));
    bool is = ag_str_eq(after->role, AG_STR("admin")) && ag_str_eq(after->status, AG_STR("active"));
    if (!was || is) return AG_OK;
    if (ag_uuid_eq(change->id, change->scope->who.user_id))
        return ag_fail(AG_E_CONFLICT, "this is your own account: ask another administrator");
    int64_t others;
    AG_TRY(ag_accounts_other_admins(tx, change->id, &others));
    if (others == 0)
        return ag_fail(AG_E_CONFLICT, "this is the last administrator: make another one first");
    return AG_OK;
}

static enum ag_err standing_tx(struct ag_tx *tx, void *arg)
{
    struct admin_change *change = arg;
    const struct ag_standing_input *input = change->input;
    struct ag_standing before;
    AG_TRY(ag_admin_actor(tx, change->scope));
    AG_TRY(ag_accounts_lock_admins(tx));
    AG_TRY(ag_accounts_lock(tx, change->id, &before));
    struct ag_standing after = before;
    if (ag_doc_has(input, AG_STANDING_STATUS)) after.status = input->status;
    if (ag_doc_has(input, AG_STANDING_ROLE)) after.role = input->role;
    AG_TRY(check_keeps_admin(tx, change, &before, &after));
    bool status = !ag_str_eq(before.status, after.status);
    bool role = !ag_str_eq(before.role, after.role);
    if (!status && !role) return AG_OK;
    AG_TRY(ag_accounts_set_standing(tx, change->id, &after, ag_wall_ms()));
    if (status)
        AG_TRY(
            audit(tx, change,
                  ag_str_eq(after.status, AG_STR("active")) ? "user.resumed" : "user.suspended"));
    if (!role) return AG_OK;
    return audit(tx, change,
                 ag_str_eq(after.role, AG_STR("admin")) ? "user.promoted" : "user.demoted");
}

enum ag_err ag_account_set_standing(struct ag_scope *scope, struct ag_uuid id,
                                    const struct ag_standing_input *input,
                                    struct ag_account *ret_account)
{
    struct admin_change change = {.scope = scope, .id = id, .input = input};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, standing_tx, &change));
    ag_access_changed(scope->core);
    return ag_accounts_get(scope->core->db, scope->arena, id, ret_account);
}

/* ---- sessions and passwords ---- */

static enum ag_err sign_out_tx(struct ag_tx *tx, void *arg)
{
    struct admin_change *change = arg;
    const struct ag_uuid nobody = {{0}};
    struct ag_standing standing;
    AG_TRY(ag_admin_actor(tx, change->scope));
    AG_TRY(ag_accounts_lock(tx, change->id, &standing));
    AG_TRY(ag_sessions_revoke_others(tx, change->id, nobody, ag_wall_ms()));
    AG_TRY(ag_email_tokens_void(tx, change->id, AG_STR("change"), ag_wall_ms()));
    return audit(tx, change, "user.signed_out");
}

enum ag_err ag_account_sign_out(struct ag_scope *scope, struct ag_uuid id)
{
    struct admin_change change = {.scope = scope, .id = id};
    AG_TRY(ag_db_write(scope->core->db, scope->arena, sign_out_tx, &change));
    ag_access_changed(scope->core);
    return AG_OK;
}

enum ag_err ag_account_send_reset(struct ag_scope *scope, struct ag_uuid id)
{
    struct ag_account account;
    struct ag_str link;
    AG_TRY(ag_accounts_get(scope->core->db, scope->arena, id, &account));
    const struct ag_user user = {.id = id,
                                 .org_id = account.org_id,
                                 .name = account.name,
                                 .email = account.email,
                                 .status = account.status};
    AG_TRY(ag_check_may_mail(scope, ag_reset_purpose(account.email_verified), account.email));
    AG_TRY(ag_account_reset_link(scope, &user, &link));
    const struct ag_mail_values values = {.name = user.name, .link = link};
    ag_mail_send(scope->core, AG_MAIL_RESET, user.email, &values);
    return AG_OK;
}
