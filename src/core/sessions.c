#include "core/accounts.h"
#include "core/internal.h"
#include "core/limits.h"

/* One's own sessions: to prove once more who one is, and to end what one does not know. */

struct session_change {
    struct ag_scope *scope;
    struct ag_uuid org_id, id;
};

static enum ag_err audit(struct ag_tx *tx, const struct session_change *change, const char *action,
                         struct ag_str details)
{
    return ag_audit_in(tx, change->scope, change->org_id, change->scope->who.user_id, action,
                       details);
}

/* The personal organisation's log is where an account's own events stand. */
static enum ag_err change_begin(struct ag_scope *scope, struct ag_user *ret_user,
                                struct session_change *ret_change)
{
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, ret_user));
    *ret_change = (struct session_change){.scope = scope, .org_id = ret_user->org_id};
    return AG_OK;
}

/* ---- whether one still is who one was ---- */

/* The account: with `hold` it stays as it is until the transaction ends. */
static enum ag_err is_active(struct ag_tx *tx, struct ag_uuid id, bool hold, bool *ret_active)
{
    struct ag_standing standing = {.status = AG_STR("")};
    struct ag_user user = {.status = AG_STR("")};
    enum ag_err err = hold ? ag_accounts_lock(tx, id, &standing)
                           : ag_users_find_by_id(tx, id, &user);
    if (err != AG_OK && err != AG_E_NOT_FOUND) return err;
    *ret_active = err == AG_OK && ag_str_eq(hold ? standing.status : user.status, AG_STR("active"));
    return AG_OK;
}

static enum ag_err still_lives(struct ag_tx *tx, const struct ag_principal *who, bool hold)
{
    bool lives = true;
    if (!ag_uuid_is_nil(who->key_id))
        AG_TRY(ag_api_keys_lives(tx, who->org_id, who->key_id, &lives));
    /* A key of the organisation goes on without its maker. */
    if (lives && !who->shared_key) AG_TRY(is_active(tx, who->user_id, hold, &lives));
    if (lives && !ag_uuid_is_nil(who->session_id))
        AG_TRY(ag_sessions_live(tx, who->session_id, ag_wall_ms(), &lives));
    return lives ? AG_OK : ag_fail(AG_E_UNAUTHENTICATED, "these credentials were revoked");
}

enum ag_err ag_self_lock(struct ag_tx *tx, const struct ag_scope *scope)
{
    return still_lives(tx, &scope->who, true);
}

enum ag_err ag_self_check(struct ag_tx *tx, const struct ag_scope *scope)
{
    return still_lives(tx, &scope->who, false);
}

/* ---- signing in once more ---- */

static enum ag_err renewed_tx(struct ag_tx *tx, void *arg)
{
    struct session_change *change = arg;
    AG_TRY(ag_self_lock(tx, change->scope));
    AG_TRY(ag_sessions_authenticated(tx, change->scope->who.session_id, ag_wall_ms()));
    return audit(tx, change, "auth.reauthenticated", AG_STR("{}"));
}

static enum ag_err refused_tx(struct ag_tx *tx, void *arg)
{
    return audit(tx, arg, "auth.reauthentication_failed", AG_STR("{}"));
}

enum ag_err ag_proof_failed(struct ag_scope *scope, const struct ag_user *user)
{
    struct session_change change = {.scope = scope, .org_id = user->org_id};
    return ag_db_write(scope->core->db, scope->arena, refused_tx, &change);
}

enum ag_err ag_reauthenticate(struct ag_scope *scope, struct ag_str password)
{
    struct ag_db *db = scope->core->db;
    struct session_change change;
    struct ag_user user;
    char *hash = NULL;
    AG_TRY(change_begin(scope, &user, &change));
    if (!user.password_hash.data)
        return ag_fail(AG_E_CONFLICT,
                       "this account has no password: sign in once more where it signs in");
    hash = ag_arena_cstr(scope->arena, user.password_hash);
    if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for a hash");
    enum ag_err err = ag_attempt_password(scope, user.email, password, hash);
    if (err == AG_E_BAD_CREDENTIALS) {
        AG_TRY(ag_proof_failed(scope, &user));
        ag_field_error(scope->errors, scope->arena, "password", "wrong", "is not the password");
        return ag_fail(AG_E_INVALID, "this is not the account's password");
    }
    AG_TRY(err);
    AG_TRY(ag_db_write(db, scope->arena, renewed_tx, &change));
    ag_access_changed(scope->core);
    return AG_OK;
}

/* ---- ending sessions ---- */

/* Whoever ends a session does not know whose it is: an address that it asked for ends with it. */
static enum ag_err end_begin(struct ag_tx *tx, const struct session_change *change)
{
    AG_TRY(ag_self_lock(tx, change->scope));
    return ag_email_tokens_void(tx, change->scope->who.user_id, AG_STR("change"), ag_wall_ms());
}

static enum ag_err end_tx(struct ag_tx *tx, void *arg)
{
    struct session_change *change = arg;
    char text[AG_UUID_TEXT_BYTES];
    AG_TRY(end_begin(tx, change));
    AG_TRY(ag_sessions_revoke_own(tx, change->scope->who.user_id, change->id, ag_wall_ms()));
    return audit(tx, change, "auth.session_ended",
                 ag_details(ag_tx_arena(tx), "session_id", ag_uuid_format(change->id, text)));
}

static enum ag_err end_others_tx(struct ag_tx *tx, void *arg)
{
    struct session_change *change = arg;
    const struct ag_principal *who = &change->scope->who;
    AG_TRY(end_begin(tx, change));
    AG_TRY(ag_sessions_revoke_others(tx, who->user_id, who->session_id, ag_wall_ms()));
    return audit(tx, change, "auth.sessions_ended", AG_STR("{}"));
}

static enum ag_err end(struct ag_scope *scope, struct ag_uuid id,
                       enum ag_err (*fn)(struct ag_tx *tx, void *arg))
{
    struct session_change change;
    struct ag_user user;
    AG_TRY(change_begin(scope, &user, &change));
    change.id = id;
    AG_TRY(ag_db_write(scope->core->db, scope->arena, fn, &change));
    ag_access_changed(scope->core);
    return AG_OK;
}

enum ag_err ag_session_end(struct ag_scope *scope, struct ag_uuid id)
{
    return end(scope, id, end_tx);
}

enum ag_err ag_session_end_others(struct ag_scope *scope)
{
    return end(scope, scope->who.session_id, end_others_tx);
}
