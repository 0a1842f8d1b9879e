#include "base/log.h"
#include "core/internal.h"

enum { TOUCH_EVERY_MS = 60000 };

/* ---- signing in ---- */

/* The secrets of a new or renewed session, made outside the transaction that stores their hashes.
 */
struct secrets {
    struct ag_str cookie, refresh;
    uint8_t cookie_hash[AG_SECRET_HASH_BYTES], refresh_hash[AG_SECRET_HASH_BYTES];
    int64_t now, expires_at;
};

static enum ag_err secrets_new(struct ag_scope *scope, struct secrets *secrets)
{
    secrets->now = ag_wall_ms();
    secrets->expires_at = secrets->now + scope->core->options.refresh_ttl_s * 1000;
    AG_TRY(ag_secret_new("ags_", scope->arena, &secrets->cookie, secrets->cookie_hash));
    return ag_secret_new("agr_", scope->arena, &secrets->refresh, secrets->refresh_hash);
}

static struct ag_str hash_str(const uint8_t hash[AG_SECRET_HASH_BYTES])
{
    return ag_str_n((const char *)hash, AG_SECRET_HASH_BYTES);
}

struct sign_in {
    struct ag_scope *scope;
    struct ag_user *user;
    bool is_new;
    struct ag_uuid session_id;
    struct secrets secrets;
};

static enum ag_err sign_in_tx(struct ag_tx *tx, void *arg)
{
    struct sign_in *in = arg;
    struct ag_user *user = in->user;
    if (in->is_new) {
        bool first;
        AG_TRY(ag_once(tx, "administrator", &first));
        user->role = first ? AG_STR("admin") : AG_STR("user");
        AG_TRY(ag_users_insert(tx, user));
        AG_TRY(ag_activity_insert(tx, user->org_id, user->id, "auth.registered",
                                  ag_details(ag_tx_arena(tx), "ip", in->scope->ip)));
    }
    const struct ag_session session = {
        .id = in->session_id,
        .user_id = user->id,
        .cookie_hash = hash_str(in->secrets.cookie_hash),
        .user_agent = in->scope->user_agent,
        .ip = in->scope->ip,
        .created_at = in->secrets.now,
        .expires_at = in->secrets.expires_at,
    };
    AG_TRY(ag_sessions_insert(tx, &session));
    AG_TRY(ag_refresh_insert(tx, hash_str(in->secrets.refresh_hash), in->session_id,
                             in->secrets.now, in->secrets.expires_at));
    return ag_activity_insert(tx, user->org_id, user->id, "auth.signed_in",
                              ag_details(ag_tx_arena(tx), "ip", in->scope->ip));
}

static enum ag_err grant_fill(struct ag_scope *scope, const struct ag_user *user,
                              struct ag_uuid session_id, const struct secrets *secrets,
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

static enum ag_err sign_in(struct ag_scope *scope, struct ag_user *user, bool is_new,
                           struct ag_grant *ret_grant)
{
    struct sign_in in = {
        .scope = scope, .user = user, .is_new = is_new, .session_id = ag_uuid_new()};
    AG_TRY(secrets_new(scope, &in.secrets));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, sign_in_tx, &in));
    return grant_fill(scope, user, in.session_id, &in.secrets, ret_grant);
}

/* E-mail addresses are compared without case. */
static enum ag_err normal_email(struct ag_arena *arena, struct ag_str email, struct ag_str *ret)
{
    char *text = ag_arena_cstr(arena, ag_str_trim(email));
    if (!text) return ag_fail(AG_E_NO_MEMORY, "no memory for an e-mail");
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    *ret = ag_str(text);
    return AG_OK;
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
    AG_TRY(normal_email(scope->arena, input->email, &user.email));
    char hash[AG_PASSWORD_HASH_BYTES];
    AG_TRY(ag_password_hash(input->password, hash));
    user.password_hash = ag_str(hash);
    enum ag_err err = sign_in(scope, &user, true, ret_grant);
    if (err == AG_E_EXISTS)
        return ag_fail(AG_E_EMAIL_TAKEN, "an account with this e-mail exists; sign in instead");
    return err;
}

/* A failed attempt on a known account. Nobody waits for the entry: the wait would tell known
 * addresses from unknown ones. */
struct failed_attempt {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_uuid org_id, user_id;
    struct ag_str details;
};

static enum ag_err failed_tx(struct ag_tx *tx, void *arg)
{
    struct failed_attempt *attempt = arg;
    return ag_activity_insert(tx, attempt->org_id, attempt->user_id, "auth.sign_in_failed",
                              attempt->details);
}

static void failed_done(struct ag_db_job *job, enum ag_err err)
{
    struct failed_attempt *attempt = AG_CONTAINER_OF(job, struct failed_attempt, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "failed sign-in not recorded", err);
    ag_arena_done(&attempt->arena);
    free(attempt);
}

static void note_failed(struct ag_scope *scope, const struct ag_user *user)
{
    struct failed_attempt *attempt = calloc(1, sizeof(*attempt));
    if (!attempt) return;
    ag_arena_init(&attempt->arena);
    attempt->org_id = user->org_id;
    attempt->user_id = user->id;
    attempt->details = ag_details(&attempt->arena, "ip", scope->ip);
    attempt->job = (struct ag_db_job){
        .fn = failed_tx, .arg = attempt, .done = failed_done, .arena = &attempt->arena};
    enum ag_err err = ag_db_write_start(scope->core->db, &attempt->job);
    if (err != AG_OK) failed_done(&attempt->job, err);
}

enum ag_err ag_login(struct ag_scope *scope, const struct ag_login_input *input,
                     struct ag_grant *ret_grant)
{
    struct ag_str email;
    struct ag_user user = {.set = 0};
    AG_TRY(normal_email(scope->arena, input->email, &email));
    enum ag_err found = ag_users_by_email(scope->core->db, scope->arena, email, &user);
    if (found != AG_OK && found != AG_E_NOT_FOUND) return found;

    /* One hash on every path: an unknown address takes as long as a wrong password. */
    char *hash = NULL;
    if (found == AG_OK && user.password_hash.data) {
        hash = ag_arena_cstr(scope->arena, user.password_hash);
        if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for a hash");
    }
    enum ag_err err = ag_password_verify(input->password, hash);
    if (err == AG_E_BAD_CREDENTIALS || (err == AG_OK && !hash)) {
        if (found == AG_OK) note_failed(scope, &user);
        return ag_fail(AG_E_BAD_CREDENTIALS, "the e-mail or password is wrong");
    }
    AG_TRY(err);
    if (!ag_str_eq(user.status, AG_STR("active")))
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");
    return sign_in(scope, &user, false, ret_grant);
}

/* ---- refreshing ---- */

struct refresh_args {
    struct ag_scope *scope;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct secrets secrets;
    struct ag_refresh refresh;
    bool reused;
};

static enum ag_err refresh_tx(struct ag_tx *tx, void *arg)
{
    struct refresh_args *args = arg;
    int64_t now = args->secrets.now;
    AG_TRY(ag_refresh_get(tx, hash_str(args->hash), &args->refresh));
    if (args->refresh.revoked || args->refresh.expires_at <= now) return AG_OK;
    bool first;
    AG_TRY(ag_refresh_use(tx, hash_str(args->hash), now, &first));
    args->reused = !first;
    if (!first) {
        /* Somebody holds a copy: whoever it is, this family of tokens ends here. */
        return ag_sessions_revoke(tx, args->refresh.session_id, now);
    }
    AG_TRY(ag_refresh_insert(tx, hash_str(args->secrets.refresh_hash), args->refresh.session_id,
                             now, args->secrets.expires_at));
    return ag_sessions_renew(tx, args->refresh.session_id, hash_str(args->secrets.cookie_hash),
                             args->secrets.expires_at);
}

enum ag_err ag_refresh(struct ag_scope *scope, struct ag_str refresh_token,
                       struct ag_grant *ret_grant)
{
    struct refresh_args args = {.scope = scope};
    ag_secret_hash(refresh_token, args.hash);
    AG_TRY(secrets_new(scope, &args.secrets));
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, refresh_tx, &args);
    if (args.reused) {
        ag_access_changed(scope->core);
        return ag_fail(AG_E_UNAUTHENTICATED,
                       "this refresh token was used before, so its session was ended");
    }
    if (err == AG_E_NOT_FOUND || args.refresh.revoked ||
        (err == AG_OK && args.refresh.expires_at <= args.secrets.now))
        return ag_fail(AG_E_UNAUTHENTICATED, "this refresh token is not valid; sign in again");
    AG_TRY(err);
    /* The old cookie's secret is gone. */
    ag_access_changed(scope->core);
    struct ag_user user;
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, args.refresh.user_id, &user));
    if (!ag_str_eq(user.status, AG_STR("active")))
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");
    return grant_fill(scope, &user, args.refresh.session_id, &args.secrets, ret_grant);
}

static enum ag_err logout_tx(struct ag_tx *tx, void *arg)
{
    struct ag_scope *scope = arg;
    AG_TRY(ag_sessions_revoke(tx, scope->who.session_id, ag_wall_ms()));
    return ag_activity_insert(tx, scope->who.org_id, scope->who.user_id, "auth.signed_out",
                              ag_details(ag_tx_arena(tx), "ip", scope->ip));
}

enum ag_err ag_logout(struct ag_scope *scope)
{
    if (ag_uuid_is_nil(scope->who.session_id))
        return ag_fail(AG_E_FORBIDDEN, "an API key has no session: delete the key instead");
    AG_TRY(ag_db_write(scope->core->db, scope->arena, logout_tx, scope));
    ag_access_changed(scope->core);
    return AG_OK;
}

enum ag_err ag_me(struct ag_scope *scope, struct ag_user *ret_user)
{
    return ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, ret_user);
}

/* ---- changing one's own account ---- */

struct me_change {
    struct ag_scope *scope;
    const struct ag_user *user; /* as it becomes; its hash is the new one, or has no data */
    struct ag_str hash_before;
    bool renamed;
};

static enum ag_err me_change_tx(struct ag_tx *tx, void *arg)
{
    struct me_change *change = arg;
    const struct ag_principal *who = &change->scope->who;
    struct ag_str hash = change->user->password_hash;
    struct ag_str details = ag_details(ag_tx_arena(tx), "ip", change->scope->ip);
    AG_TRY(ag_users_update(tx, who->user_id, change->user->name, hash, change->hash_before));
    if (change->renamed)
        AG_TRY(ag_activity_insert(tx, who->org_id, who->user_id, "auth.profile_changed", details));
    if (!hash.data) return AG_OK;
    AG_TRY(ag_sessions_revoke_others(tx, who->user_id, who->session_id, ag_wall_ms()));
    return ag_activity_insert(tx, who->org_id, who->user_id, "auth.password_changed", details);
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
    if (!ag_doc_has(input, AG_ME_CURRENT_PASSWORD))
        return refuse_field(scope, "current_password", "required",
                            "is needed to change the password");
    const char *problem = ag_password_problem(input->new_password);
    if (problem) return refuse_field(scope, "new_password", "weak", problem);
    char *hash = NULL;
    if (user->password_hash.data) {
        hash = ag_arena_cstr(scope->arena, user->password_hash);
        if (!hash) return ag_fail(AG_E_NO_MEMORY, "no memory for a hash");
    }
    enum ag_err err = ag_password_verify(input->current_password, hash);
    if (err == AG_E_BAD_CREDENTIALS || (err == AG_OK && !hash))
        return refuse_field(scope, "current_password", "wrong", "is not the current password");
    return err;
}

enum ag_err ag_me_change(struct ag_scope *scope, const struct ag_me_input *input,
                         struct ag_user *ret_user)
{
    struct ag_user user;
    AG_TRY(ag_me(scope, &user));
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
    if (password) ag_access_changed(scope->core);
    *ret_user = user;
    return AG_OK;
}

/* ---- any credential becomes the principal ---- */

struct touch {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_uuid org_id, key_id;
};

static enum ag_err touch_tx(struct ag_tx *tx, void *arg)
{
    struct touch *touch = arg;
    return ag_api_keys_touch(tx, touch->org_id, touch->key_id, ag_wall_ms());
}

static void touch_done(struct ag_db_job *job, enum ag_err err)
{
    struct touch *touch = AG_CONTAINER_OF(job, struct touch, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "api key use not recorded", err);
    ag_arena_done(&touch->arena);
    free(touch);
}

/* Notes the use of a key, at most once a minute; nobody waits for it. */
static void touch_key(struct ag_core *core, const struct ag_access *access)
{
    if (ag_wall_ms() - access->last_used_at < TOUCH_EVERY_MS) return;
    struct touch *touch = calloc(1, sizeof(*touch));
    if (!touch) return;
    ag_arena_init(&touch->arena);
    touch->org_id = access->org_id;
    touch->key_id = access->key_id;
    touch->job = (struct ag_db_job){
        .fn = touch_tx, .arg = touch, .done = touch_done, .arena = &touch->arena};
    enum ag_err err = ag_db_write_start(core->db, &touch->job);
    if (err != AG_OK) touch_done(&touch->job, err);
}

/* The permissions that a key's scopes leave of its owner's. */
static uint64_t scope_mask(struct ag_str scopes)
{
    /* ["a:b","c:d"]: names hold no quotes, so every second piece between them is one. */
    uint64_t mask = 0;
    struct ag_str rest = scopes, part;
    for (int i = 0; ag_str_split(&rest, '"', &part); i++)
        if (i % 2 == 1) mask |= ag_permission_bit(ag_permission_find(part));
    return mask ? mask & ~ag_permission_bit(AG_PERM_UNSET) : UINT64_MAX;
}

static enum ag_err access_load(struct ag_core *core, struct ag_arena *arena,
                               enum ag_credential kind, struct ag_str secret,
                               struct ag_access *ret_access)
{
    uint8_t hash[AG_SECRET_HASH_BYTES];
    if (kind == AG_CRED_TOKEN) {
        struct ag_jwt_claims claims;
        AG_TRY(ag_jwt_verify(core->jwt, secret, ag_wall_ms() / 1000, &claims));
        AG_TRY(ag_sessions_access(core->db, arena, claims.session_id, ret_access));
        if (!ag_uuid_eq(ret_access->user_id, claims.user_id))
            return ag_fail(AG_E_UNAUTHENTICATED, "the token names another account");
        /* The token ends before its session does. */
        ret_access->expires_at = AG_MIN(ret_access->expires_at, claims.expires_at_s * 1000);
        return AG_OK;
    }
    ag_secret_hash(secret, hash);
    if (kind == AG_CRED_KEY) return ag_api_keys_access(core->db, arena, hash_str(hash), ret_access);
    return ag_sessions_access_by_cookie(core->db, arena, hash_str(hash), ret_access);
}

enum ag_err ag_authenticate(struct ag_core *core, struct ag_arena *arena, enum ag_credential kind,
                            struct ag_str secret, struct ag_principal *ret_who)
{
    struct ag_access_cache *cache = ag_core_loop(core)->access;
    /* Read before the database: what is revoked meanwhile makes the entry below useless. */
    uint64_t epoch = atomic_load_explicit(&core->access_epoch, memory_order_acquire);
    struct ag_principal known;
    if (ag_access_cache_get(cache, secret, epoch, &known) && known.credential == kind) {
        *ret_who = known;
        return AG_OK;
    }

    struct ag_access access = {.expires_at = 0};
    enum ag_err err = access_load(core, arena, kind, secret, &access);
    if (err == AG_E_NOT_FOUND)
        return ag_fail(AG_E_UNAUTHENTICATED, "these credentials are not known here");
    AG_TRY(err);
    if (access.revoked) return ag_fail(AG_E_UNAUTHENTICATED, "these credentials were revoked");
    if (access.expires_at != 0 && access.expires_at <= ag_wall_ms())
        return ag_fail(AG_E_TOKEN_EXPIRED, "these credentials have expired");
    if (!ag_str_eq(access.status, AG_STR("active")))
        return ag_fail(AG_E_FORBIDDEN, "this account is suspended; ask an administrator");

    struct ag_principal who = {
        .credential = kind,
        .user_id = access.user_id,
        .org_id = access.org_id,
        .session_id = access.session_id,
        .key_id = access.key_id,
        .is_admin = ag_str_eq(access.role, AG_STR("admin")),
        .permissions = ag_role_permissions(access.role),
    };
    if (kind == AG_CRED_KEY) {
        who.permissions &= scope_mask(access.scopes);
        touch_key(core, &access);
    }
    ag_access_cache_put(cache, secret, epoch, access.expires_at, &who);
    *ret_who = who;
    return AG_OK;
}
