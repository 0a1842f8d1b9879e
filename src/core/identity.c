#include "base/log.h"
#include "core/accounts.h"
#include "core/internal.h"
#include "core/limits.h"
#include "core/mail.h"
#include "core/orgs.h"

/* ---- signing in ---- */

enum ag_err ag_secrets_new(struct ag_scope *scope, struct ag_session_secrets *ret_secrets)
{
    struct ag_session_secrets secrets = {.now = ag_wall_ms()};
    secrets.authenticated_at = secrets.now;
    secrets.expires_at = secrets.now + scope->core->options.refresh_ttl_s * 1000;
    AG_TRY(ag_secret_new("ags_", scope->arena, &secrets.cookie, secrets.cookie_hash));
    AG_TRY(ag_secret_new("agr_", scope->arena, &secrets.refresh, secrets.refresh_hash));
    *ret_secrets = secrets;
    return AG_OK;
}

enum ag_err ag_account_create_tx(struct ag_tx *tx, const struct ag_scope *scope,
                                 struct ag_user *user)
{
    bool first;
    AG_TRY(ag_once(tx, "administrator", &first));
    user->role = first ? AG_STR("admin") : AG_STR("user");
    AG_TRY(ag_users_insert(tx, user));
    return ag_audit_in(tx, scope, user->org_id, user->id, "auth.registered", AG_STR("{}"));
}

enum ag_err ag_session_open_tx(struct ag_tx *tx, const struct ag_scope *scope,
                               const struct ag_user *user, struct ag_uuid session_id,
                               const struct ag_session_secrets *secrets, struct ag_str details)
{
    const struct ag_session session = {
        .id = session_id,
        .user_id = user->id,
        .cookie_hash = ag_hash_str(secrets->cookie_hash),
        .user_agent = scope->user_agent,
        .ip = scope->ip,
        .created_at = secrets->now,
        .expires_at = secrets->expires_at,
        .authenticated_at = secrets->authenticated_at,
    };
    /* A password takes its time to be verified. One that was changed meanwhile, which ended every
     * session that there was, must not begin another one. */
    AG_TRY(ag_accounts_unchanged(tx, user));
    AG_TRY(ag_sessions_insert(tx, &session));
    AG_TRY(ag_refresh_insert(tx, ag_hash_str(secrets->refresh_hash), session_id, secrets->now,
                             secrets->expires_at));
    return ag_audit_in(tx, scope, user->org_id, user->id, "auth.signed_in", details);
}

enum ag_err ag_grant_fill(struct ag_scope *scope, const struct ag_user *user,
                          struct ag_uuid session_id, const struct ag_session_secrets *secrets,
                          struct ag_grant *ret_grant)
{
    int64_t now_s = secrets->now / 1000;
    const struct ag_jwt_claims claims = {
        .session_id = session_id,
        .user_id = user->id,
        .issued_at_s = now_s,
        .expires_at_s = now_s + scope->core->options.token_ttl_s,
    };
    struct ag_grant grant = {
        .expires_at = claims.expires_at_s * 1000,
        .refresh_token = secrets->refresh,
        .refresh_expires_at = secrets->expires_at,
        .user = *user,
        .cookie = secrets->cookie,
    };
    AG_TRY(ag_jwt_sign(scope->core->jwt, &claims, scope->arena, &grant.token));
    *ret_grant = grant;
    return AG_OK;
}

struct sign_in {
    struct ag_scope *scope;
    struct ag_user *user;
    bool is_new;
    struct ag_uuid session_id;
    struct ag_session_secrets secrets;
    struct ag_verification verification; /* of a new account */
    struct ag_str invitation;            /* of a new account; empty: none */
    enum ag_err refused;                 /* what the invitation was refused with */
};

/* A new account joins where it was invited to, or is none. */
static enum ag_err join(struct ag_tx *tx, struct sign_in *in)
{
    struct ag_uuid org;
    in->refused = AG_OK;
    if (in->invitation.len == 0) return AG_OK;
    in->refused = ag_invitation_join_tx(tx, in->scope, in->user, in->invitation, &org);
    return in->refused;
}

static enum ag_err sign_in_tx(struct ag_tx *tx, void *arg)
{
    struct sign_in *in = arg;
    if (in->is_new) {
        AG_TRY(ag_account_create_tx(tx, in->scope, in->user));
        AG_TRY(ag_verification_insert(tx, &in->verification, in->user));
        AG_TRY(join(tx, in));
    }
    return ag_session_open_tx(tx, in->scope, in->user, in->session_id, &in->secrets, AG_STR("{}"));
}

/* What is wrong with an invitation stands at its field; the text says more. */
static enum ag_err refuse_invitation(struct ag_scope *scope)
{
    ag_field_error(scope->errors, scope->arena, "invitation", "invalid", "%s",
                   ag_diag_text(AG_E_INVALID));
    return ag_fail_more(AG_E_INVALID, "the invitation cannot be accepted");
}

static enum ag_err sign_in(struct ag_scope *scope, struct ag_user *user, bool is_new,
                           struct ag_str invitation, struct ag_grant *ret_grant)
{
    struct sign_in in = {
        .scope = scope,
        .user = user,
        .is_new = is_new,
        .session_id = ag_uuid_new(),
        .invitation = invitation,
    };
    AG_TRY(ag_secrets_new(scope, &in.secrets));
    if (is_new) AG_TRY(ag_verification_new(scope, &in.verification));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, sign_in_tx, &in);
    if (err != AG_OK && (in.refused == AG_E_NOT_FOUND || in.refused == AG_E_FORBIDDEN))
        return refuse_invitation(scope);
    AG_TRY(err);
    if (is_new) ag_verification_mail(scope, &in.verification, user);
    return ag_grant_fill(scope, user, in.session_id, &in.secrets, ret_grant);
}

enum ag_err ag_register(struct ag_scope *scope, const struct ag_register_input *input,
                        struct ag_grant *ret_grant)
{
    const char *problem = ag_password_problem(input->password);
    if (problem) {
        ag_field_error(scope->errors, scope->arena, "password", "weak", "%s", problem);
        return ag_fail(AG_E_INVALID, "the password cannot be used");
    }
    struct ag_user user = {
        .id = ag_uuid_new(),
        .org_id = ag_uuid_new(),
        .name = ag_str_trim(input->name),
        .status = AG_STR("active"),
        .created_at = ag_wall_ms(),
    };
    AG_TRY(ag_email_normal(scope->arena, input->email, &user.email));
    char hash[AG_PASSWORD_HASH_BYTES];
    AG_TRY(ag_password_hash(input->password, hash));
    user.password_hash = ag_str(hash);
    enum ag_err err = sign_in(scope, &user, true, input->invitation, ret_grant);
    if (err == AG_E_EXISTS)
        return ag_fail(AG_E_EMAIL_TAKEN, "an account with this e-mail exists; sign in instead");
    return err;
}

/* A failed attempt, in the account's log or, with an address that nobody has, the server's. Nobody
 * waits for the entry: the wait would tell known addresses from unknown ones. */
struct failed_attempt {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_audit_note note;
};

static enum ag_err failed_tx(struct ag_tx *tx, void *arg)
{
    return ag_audit_write(tx, &((struct failed_attempt *)arg)->note);
}

static void failed_done(struct ag_db_job *job, enum ag_err err)
{
    struct failed_attempt *attempt = AG_CONTAINER_OF(job, struct failed_attempt, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "failed sign-in not recorded", err);
    ag_arena_done(&attempt->arena);
    free(attempt);
}

/* `user` is empty when there is none. */
static void note_failed(struct ag_scope *scope, const struct ag_user *user, const char *reason)
{
    struct failed_attempt *attempt = calloc(1, sizeof(*attempt));
    if (!attempt) return;
    ag_arena_init(&attempt->arena);
    attempt->note = (struct ag_audit_note){
        .org = user->org_id,
        .user = user->id,
        .action = "auth.sign_in_failed",
        .details = ag_details(&attempt->arena, "reason", ag_str(reason)),
        .ip = ag_arena_copy(&attempt->arena, scope->ip),
    };
    attempt->job = (struct ag_db_job){
        .fn = failed_tx,
        .arg = attempt,
        .done = failed_done,
        .arena = &attempt->arena,
        .apart = true, /* it holds the end of a log */
    };
    enum ag_err err = ag_db_write_start(scope->core->db, &attempt->job);
    if (err != AG_OK) failed_done(&attempt->job, err);
}

enum ag_err ag_login(struct ag_scope *scope, const struct ag_login_input *input,
                     struct ag_grant *ret_grant)
{
    struct ag_str email;
    struct ag_user user = {.set = 0};
    AG_TRY(ag_email_normal(scope->arena, input->email, &email));
    enum ag_err found = ag_users_by_email(scope->core->db, scope->arena, email, &user);
    if (found != AG_OK && found != AG_E_NOT_FOUND) return found;

    /* One hash on every path: an unknown address takes as long as a wrong password. */
    char *hash = NULL;
    if (found == AG_OK && user.password_hash.data) {
        hash = ag_arena_cstr(scope->arena, user.password_hash);
        if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for a hash");
    }
    enum ag_err err = ag_attempt_password(scope, email, input->password, hash);
    if (err == AG_E_BAD_CREDENTIALS) {
        note_failed(scope, &user, found == AG_OK ? "password" : "unknown");
        return ag_fail(AG_E_BAD_CREDENTIALS, "the e-mail or password is wrong");
    }
    AG_TRY(err);
    if (!ag_str_eq(user.status, AG_STR("active"))) {
        note_failed(scope, &user, "suspended");
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");
    }
    return sign_in(scope, &user, false, (struct ag_str){0}, ret_grant);
}

/* ---- refreshing ---- */

struct refresh_args {
    struct ag_scope *scope;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_session_secrets secrets;
    struct ag_refresh refresh;
    bool reused;
};

static enum ag_err refresh_tx(struct ag_tx *tx, void *arg)
{
    struct refresh_args *args = arg;
    int64_t now = args->secrets.now;
    struct ag_standing standing;
    bool first;
    args->reused = false;
    AG_TRY(ag_refresh_get(tx, ag_hash_str(args->hash), &args->refresh));
    if (args->refresh.revoked || args->refresh.expires_at <= now) return AG_OK;
    /* Whoever is suspended finds everything as it was when they may come back. */
    if (!ag_str_eq(args->refresh.status, AG_STR("active"))) return AG_OK;
    AG_TRY(ag_accounts_lock(tx, args->refresh.user_id, &standing));
    AG_TRY(ag_refresh_use(tx, ag_hash_str(args->hash), now, &first));
    args->reused = !first;
    if (!first) {
        /* Somebody holds a copy: whoever it is, this family of tokens ends here. */
        AG_TRY(ag_sessions_revoke(tx, args->refresh.session_id, now));
        AG_TRY(ag_email_tokens_void(tx, args->refresh.user_id, AG_STR("change"), now));
        return ag_audit_in(tx, args->scope, args->refresh.org_id, args->refresh.user_id,
                           "auth.refresh_reused", AG_STR("{}"));
    }
    AG_TRY(ag_refresh_insert(tx, ag_hash_str(args->secrets.refresh_hash), args->refresh.session_id,
                             now, args->secrets.expires_at));
    return ag_sessions_renew(tx, args->refresh.session_id, ag_hash_str(args->secrets.cookie_hash),
                             args->secrets.expires_at);
}

enum ag_err ag_refresh(struct ag_scope *scope, struct ag_str refresh_token,
                       struct ag_grant *ret_grant)
{
    struct refresh_args args = {.scope = scope};
    ag_secret_hash(refresh_token, args.hash);
    AG_TRY(ag_secrets_new(scope, &args.secrets));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, refresh_tx, &args);
    if (err == AG_OK && args.reused) {
        ag_access_changed(scope->core);
        return ag_fail(AG_E_UNAUTHENTICATED,
                       "this refresh token was used before, so its session was ended");
    }
    if (err == AG_E_NOT_FOUND || args.refresh.revoked ||
        (err == AG_OK && args.refresh.expires_at <= args.secrets.now))
        return ag_fail(AG_E_UNAUTHENTICATED, "this refresh token is not valid; sign in again");
    AG_TRY(err);
    if (!ag_str_eq(args.refresh.status, AG_STR("active")))
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");
    /* The old cookie's secret is gone. */
    ag_access_changed(scope->core);
    struct ag_user user;
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, args.refresh.user_id, &user));
    return ag_grant_fill(scope, &user, args.refresh.session_id, &args.secrets, ret_grant);
}

static enum ag_err logout_tx(struct ag_tx *tx, void *arg)
{
    const struct ag_scope *scope = arg;
    struct ag_standing standing;
    struct ag_user user;
    AG_TRY(ag_accounts_lock(tx, scope->who.user_id, &standing));
    AG_TRY(ag_users_find_by_id(tx, scope->who.user_id, &user));
    AG_TRY(ag_sessions_revoke(tx, scope->who.session_id, ag_wall_ms()));
    return ag_audit_in(tx, scope, user.org_id, user.id, "auth.signed_out", AG_STR("{}"));
}

enum ag_err ag_logout(struct ag_scope *scope)
{
    if (ag_uuid_is_nil(scope->who.session_id))
        return ag_fail(AG_E_FORBIDDEN, "an API key has no session: delete the key instead");
    AG_TRY(ag_db_write(scope->core->db, scope->arena, logout_tx, scope));
    ag_access_changed(scope->core);
    return AG_OK;
}

/* ---- one's own account ---- */

enum ag_err ag_me(struct ag_scope *scope, struct ag_me *ret_me)
{
    const struct ag_principal *who = &scope->who;
    struct ag_user user;
    struct ag_me me = {.set = 0};
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, who->user_id, &user));
    AG_TRY(ag_org_current(scope, &me.org));
    AG_TRY(ag_permission_names(who->permissions, scope->arena, &me.permissions));
    me.id = user.id;
    me.name = user.name;
    me.email = user.email;
    me.role = user.role;
    me.org_id = user.org_id;
    me.email_verified = user.email_verified;
    me.created_at = user.created_at;
    me.has_password = user.password_hash.data != NULL;
    if (who->authenticated_at > 0) {
        me.recent_until = who->authenticated_at + AG_RECENT_LOGIN_MS;
        AG_SET(&me, AG_ME_RECENT_UNTIL);
    }
    *ret_me = me;
    return AG_OK;
}

enum ag_err ag_require_recent(struct ag_scope *scope)
{
    const struct ag_principal *who = &scope->who;
    if (who->credential == AG_CRED_KEY)
        return ag_fail(AG_E_FORBIDDEN, "an API key cannot do this: sign in instead");
    if (who->authenticated_at > 0 && ag_wall_ms() - who->authenticated_at < AG_RECENT_LOGIN_MS)
        return AG_OK;
    return ag_fail(AG_E_REAUTH, "this needs a sign-in within the last %d minutes",
                   AG_RECENT_LOGIN_MS / 60000);
}

/* ---- changing one's own account ---- */

struct me_change {
    struct ag_scope *scope;
    const struct ag_user *user; /* as it becomes; its hash is the new one, or has no data */
    struct ag_str hash_before;
    bool renamed;
    struct ag_str linked; /* once the password is another one: what signs in without it */
};

/* The personal organisation's log is where an account's own events stand. */
static enum ag_err me_audit(struct ag_tx *tx, const struct me_change *change, const char *action)
{
    return ag_audit_in(tx, change->scope, change->user->org_id, change->user->id, action,
                       AG_STR("{}"));
}

static enum ag_err me_change_tx(struct ag_tx *tx, void *arg)
{
    struct me_change *change = arg;
    const struct ag_principal *who = &change->scope->who;
    struct ag_str hash = change->user->password_hash;
    AG_TRY(ag_self_lock(tx, change->scope));
    AG_TRY(ag_users_update(tx, who->user_id, change->user->name, hash, change->hash_before));
    if (change->renamed) AG_TRY(me_audit(tx, change, "auth.profile_changed"));
    if (!hash.data) return AG_OK;
    AG_TRY(ag_sessions_revoke_others(tx, who->user_id, who->session_id, ag_wall_ms()));
    AG_TRY(ag_email_tokens_void(tx, who->user_id, AG_STR(""), ag_wall_ms()));
    AG_TRY(ag_linked_names(tx, change->scope->core, who->user_id, &change->linked));
    return me_audit(tx, change, "auth.password_changed");
}

static enum ag_err refuse_field(struct ag_scope *scope, const char *field, const char *code,
                                const char *message)
{
    ag_field_error(scope->errors, scope->arena, field, code, "%s", message);
    return ag_fail(AG_E_INVALID, "the password cannot be changed like this");
}

/* Whether the new password may take the place of the one that `user` has. */
static enum ag_err check_passwords(struct ag_scope *scope, const struct ag_me_input *input,
                                   const struct ag_user *user)
{
    if (!ag_doc_has(input, AG_ME_NEW_PASSWORD))
        return refuse_field(scope, "new_password", "required", "is missing");
    bool has_current = ag_doc_has(input, AG_ME_CURRENT_PASSWORD);
    if (user->password_hash.data && !has_current)
        return refuse_field(scope, "current_password", "required",
                            "is needed to change the password");
    const char *problem = ag_password_problem(input->new_password);
    if (problem) return refuse_field(scope, "new_password", "weak", problem);
    if (!user->password_hash.data) {
        /* Who signs in elsewhere has nothing to type but where that was. */
        if (has_current)
            return refuse_field(scope, "current_password", "wrong", "is one that you do not have");
        return ag_require_recent(scope);
    }
    char *hash = ag_arena_cstr(scope->arena, user->password_hash);
    if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for a hash");
    enum ag_err err = ag_attempt_password(scope, user->email, input->current_password, hash);
    if (err != AG_E_BAD_CREDENTIALS) return err;
    AG_TRY(ag_proof_failed(scope, user));
    return refuse_field(scope, "current_password", "wrong", "is not the current password");
}

enum ag_err ag_me_change(struct ag_scope *scope, const struct ag_me_input *input,
                         struct ag_me *ret_me)
{
    struct ag_user user;
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, &user));
    struct me_change change = {
        .scope = scope,
        .user = &user,
        .hash_before = user.password_hash,
        .renamed = ag_doc_has(input, AG_ME_NAME) && !ag_str_eq(user.name, input->name),
    };
    bool password = ag_doc_has(input, AG_ME_NEW_PASSWORD) ||
                    ag_doc_has(input, AG_ME_CURRENT_PASSWORD);
    char hash[AG_PASSWORD_HASH_BYTES];
    if (password) {
        if (scope->who.credential == AG_CRED_KEY)
            return ag_fail(AG_E_FORBIDDEN, "an API key cannot change a password: sign in instead");
        AG_TRY(check_passwords(scope, input, &user));
        AG_TRY(ag_password_hash(input->new_password, hash));
    }
    user.password_hash = password ? ag_str(hash) : (struct ag_str){0};
    if (change.renamed) user.name = input->name;
    if (change.renamed || password)
        AG_TRY(ag_db_write(scope->core->db, scope->arena, me_change_tx, &change));
    if (password) {
        const struct ag_mail_values values = {.name = user.name, .other = change.linked};
        ag_access_changed(scope->core);
        ag_mail_send(scope->core, AG_MAIL_PASSWORD_CHANGED, user.email, &values);
    }
    return ag_me(scope, ret_me);
}
