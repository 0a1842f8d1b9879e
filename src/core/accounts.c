#include "core/accounts.h"

#include "base/log.h"
#include "core/internal.h"
#include "core/limits.h"
#include "core/mail.h"
#include "core/orgs.h"

/*
 * Links in mails. A link holds 256 random bits; what is stored is their hash, for one purpose, one
 * address and one account. It works once, and not at all any more once the account's password or
 * address has changed in whatever way: who got into an account for a while must not have left a
 * door behind.
 */

#define VERIFY AG_STR("verify")
#define RESET  AG_STR("reset")
#define CHANGE AG_STR("change")

enum { LIMIT_KEY_BYTES = 320 };

enum ag_err ag_email_normal(struct ag_arena *arena, struct ag_str email, struct ag_str *ret_email)
{
    char *text = ag_arena_cstr(arena, ag_str_trim(email));
    if (!text) return ag_fail(AG_E_NO_MEMORY, "no memory for an e-mail");
    for (char *c = text; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    *ret_email = ag_str(text);
    return AG_OK;
}

static enum ag_err refuse(struct ag_scope *scope, const char *field, const char *code,
                          const char *message)
{
    ag_field_error(scope->errors, scope->arena, field, code, "%s", message);
    return ag_fail(AG_E_INVALID, "%s %s", field, message);
}

/* "ada+x@mail.test" is, with most providers, the mailbox of "ada@mail.test". */
static enum ag_err append_mailbox(struct ag_buf *key, struct ag_str email)
{
    ptrdiff_t at = ag_str_find_char(email, '@'), plus = ag_str_find_char(email, '+');
    bool tagged = plus > 0 && plus < at;
    ag_buf_append_str(key, ag_str_sub(email, 0, (size_t)(tagged ? plus : AG_MAX(at, 0))));
    return ag_buf_append_str(key, ag_str_sub(email, (size_t)AG_MAX(at, 0), email.len));
}

/* Nobody's mailbox is filled through this server, whoever asks for it. */
static bool may_mail(struct ag_core *core, struct ag_arena *arena, struct ag_str purpose,
                     struct ag_str email, int64_t *ret_wait_s)
{
    static const struct ag_rate rate = {.count = 3, .per_ms = 15 * 60 * 1000};
    struct ag_buf key;
    *ret_wait_s = 1;
    if (!core->limiter) return true;
    ag_buf_init(&key, arena, LIMIT_KEY_BYTES);
    ag_buf_append_lit(&key, "mail ");
    ag_buf_append_str(&key, purpose);
    ag_buf_append_char(&key, ' ');
    if (append_mailbox(&key, email) != AG_OK) return false;
    struct ag_limit_verdict verdict = ag_limiter_take(core->limiter, ag_buf_str(&key), &rate,
                                                      ag_mono_us());
    *ret_wait_s = (verdict.retry_after_ms + 999) / 1000;
    return verdict.allowed;
}

enum ag_err ag_check_may_mail(struct ag_scope *scope, struct ag_str purpose, struct ag_str email)
{
    int64_t wait_s;
    if (may_mail(scope->core, scope->arena, purpose, email, &wait_s)) return AG_OK;
    scope->retry_after_s = wait_s;
    return ag_fail(AG_E_RATE_LIMITED, "this address got several mails just now; wait %lld s",
                   (long long)wait_s);
}

static enum ag_err token_insert(struct ag_tx *tx, const uint8_t hash[AG_SECRET_HASH_BYTES],
                                struct ag_uuid user, struct ag_str purpose, struct ag_str email,
                                int64_t ttl_ms)
{
    int64_t now = ag_wall_ms();
    const struct ag_email_token token = {
        .user_id = user,
        .purpose = purpose,
        .email = email,
        .created_at = now,
        .expires_at = now + ttl_ms,
    };
    return ag_email_tokens_insert(tx, ag_hash_str(hash), &token);
}

/* "/reset-password#token=...": behind a '#' no server and no other site gets to see it. */
static struct ag_str link_to(struct ag_arena *arena, const char *page, struct ag_str secret)
{
    return ag_arena_printf(arena, "%s#token=%.*s", page, AG_STR_ARG(secret));
}

/* ---- proving an address ---- */

enum ag_err ag_verification_new(struct ag_scope *scope, struct ag_verification *ret_verification)
{
    return ag_secret_new("agm_", scope->arena, &ret_verification->secret, ret_verification->hash);
}

enum ag_err ag_verification_insert(struct ag_tx *tx, const struct ag_verification *verification,
                                   const struct ag_user *user)
{
    return token_insert(tx, verification->hash, user->id, VERIFY, user->email, AG_VERIFY_TTL_MS);
}

static void post_verification(struct ag_core *core, const struct ag_verification *verification,
                              const struct ag_user *user)
{
    char link[128];
    int len = snprintf(link, sizeof(link), "/verify-email#token=%.*s",
                       AG_STR_ARG(verification->secret));
    const struct ag_mail_values values = {.name = user->name, .link = ag_str_n(link, (size_t)len)};
    ag_mail_send(core, AG_MAIL_VERIFY, user->email, &values);
}

void ag_verification_mail(struct ag_scope *scope, const struct ag_verification *verification,
                          const struct ag_user *user)
{
    int64_t wait_s;
    if (may_mail(scope->core, scope->arena, VERIFY, user->email, &wait_s))
        post_verification(scope->core, verification, user);
}

struct resend {
    struct ag_scope *scope;
    struct ag_user user;
    struct ag_verification verification;
};

static enum ag_err resend_tx(struct ag_tx *tx, void *arg)
{
    struct resend *resend = arg;
    AG_TRY(ag_verification_insert(tx, &resend->verification, &resend->user));
    return ag_audit_in(tx, resend->scope, resend->user.org_id, resend->user.id,
                       "auth.verification_asked", AG_STR("{}"));
}

enum ag_err ag_verification_resend(struct ag_scope *scope)
{
    struct resend resend = {.scope = scope};
    struct ag_user *user = &resend.user;
    AG_TRY(ag_users_by_id(scope->core->db, scope->arena, scope->who.user_id, user));
    if (user->email_verified) return ag_fail(AG_E_CONFLICT, "this address is proved already");
    AG_TRY(ag_check_may_mail(scope, VERIFY, user->email));
    AG_TRY(ag_verification_new(scope, &resend.verification));
    AG_TRY(ag_db_write(scope->core->db, scope->arena, resend_tx, &resend));
    post_verification(scope->core, &resend.verification, user);
    return AG_OK;
}

/* ---- following a link ---- */

struct follow {
    struct ag_scope *scope;
    uint8_t hash[AG_SECRET_HASH_BYTES];
    struct ag_email_token token;
    struct ag_str password_hash; /* of a reset */
    bool proved;                 /* of a reset: the account's address was proved before */
    bool first;
    struct ag_str linked; /* of a reset: what signs in without the password */
};

/* Reads what `secret` leads to. Whatever is wrong with a link is told, for whoever has it. */
static enum ag_err follow_begin(struct follow *follow, struct ag_str secret)
{
    struct ag_scope *scope = follow->scope;
    ag_secret_hash(secret, follow->hash);
    enum ag_err err = ag_email_tokens_get(scope->core->db, scope->arena, ag_hash_str(follow->hash),
                                          &follow->token);
    if (err == AG_E_NOT_FOUND) return refuse(scope, "token", "unknown", "is not one of ours");
    AG_TRY(err);
    const struct ag_email_token *token = &follow->token;
    if (token->used)
        return refuse(scope, "token", "used", "was used before, or replaced by a newer one");
    if (token->expires_at <= ag_wall_ms())
        return refuse(scope, "token", "expired", "has expired; ask for another one");
    if (!ag_str_eq(token->user_status, AG_STR("active")))
        return refuse(scope, "token", "unknown", "leads to an account that is suspended");
    return AG_OK;
}

/* Nobody else has used it, and no door that was left open stays so. */
static enum ag_err follow_end(struct ag_tx *tx, struct follow *follow)
{
    int64_t now = ag_wall_ms();
    AG_TRY(ag_email_tokens_use(tx, ag_hash_str(follow->hash), now, &follow->first));
    if (!follow->first) return ag_fail(AG_E_STALE, "this link was used meanwhile");
    if (ag_str_eq(follow->token.purpose, VERIFY)) return AG_OK;
    return ag_email_tokens_void(tx, follow->token.user_id, AG_STR(""), now);
}

static enum ag_err verify_tx(struct ag_tx *tx, void *arg)
{
    struct follow *follow = arg;
    const struct ag_email_token *token = &follow->token;
    bool change = ag_str_eq(token->purpose, CHANGE);
    int64_t now = ag_wall_ms();
    struct ag_standing standing;
    AG_TRY(ag_accounts_lock(tx, token->user_id, &standing));
    AG_TRY(follow_end(tx, follow));
    if (change)
        AG_TRY(ag_accounts_set_email(tx, token->user_id, token->email, now));
    else
        AG_TRY(ag_accounts_verify(tx, token->user_id, token->email, now));
    return ag_audit_in(tx, follow->scope, token->user_org_id, token->user_id,
                       change ? "auth.email_changed" : "auth.email_verified", AG_STR("{}"));
}

enum ag_err ag_email_verify(struct ag_scope *scope, struct ag_str token)
{
    struct follow follow = {.scope = scope};
    AG_TRY(follow_begin(&follow, token));
    if (ag_str_eq(follow.token.purpose, RESET))
        return refuse(scope, "token", "unknown", "is for a new password");
    enum ag_err err = ag_db_write(scope->core->db, scope->arena, verify_tx, &follow);
    if (err == AG_E_EXISTS)
        return ag_fail(AG_E_EMAIL_TAKEN,
                       "another account has this e-mail by now; choose a different one");
    if (err == AG_E_STALE || err == AG_E_NOT_FOUND)
        return refuse(scope, "token", "used", "leads to an address that is not the account's");
    AG_TRY(err);
    if (!ag_str_eq(follow.token.purpose, CHANGE)) return AG_OK;
    const struct ag_mail_values values = {.name = follow.token.user_name,
                                          .other = follow.token.email};
    ag_mail_send(scope->core, AG_MAIL_ADDRESS_CHANGED, follow.token.user_email, &values);
    return AG_OK;
}

/* ---- another address ---- */

struct email_change {
    struct ag_scope *scope;
    struct ag_user user;
    struct ag_str email;
    uint8_t hash[AG_SECRET_HASH_BYTES];
};

static enum ag_err email_change_tx(struct ag_tx *tx, void *arg)
{
    struct email_change *change = arg;
    const struct ag_user *user = &change->user;
    AG_TRY(ag_self_lock(tx, change->scope));
    AG_TRY(ag_email_tokens_void(tx, user->id, CHANGE, ag_wall_ms()));
    AG_TRY(token_insert(tx, change->hash, user->id, CHANGE, change->email, AG_VERIFY_TTL_MS));
    return ag_audit_in(tx, change->scope, user->org_id, user->id, "auth.email_change_asked",
                       AG_STR("{}"));
}

enum ag_err ag_email_change(struct ag_scope *scope, struct ag_str email)
{
    struct email_change change = {.scope = scope};
    struct ag_core *core = scope->core;
    struct ag_user *user = &change.user, other;
    struct ag_str secret;
    AG_TRY(ag_require_recent(scope));
    AG_TRY(ag_email_normal(scope->arena, email, &change.email));
    AG_TRY(ag_users_by_id(core->db, scope->arena, scope->who.user_id, user));
    if (ag_str_eq(change.email, user->email))
        return refuse(scope, "email", "same", "is the account's address already");
    enum ag_err err = ag_users_by_email(core->db, scope->arena, change.email, &other);
    if (err == AG_OK) return ag_fail(AG_E_EMAIL_TAKEN, "another account has this e-mail");
    if (err != AG_E_NOT_FOUND) return err;
    AG_TRY(ag_check_may_mail(scope, CHANGE, change.email));
    AG_TRY(ag_check_may_mail(scope, CHANGE, user->email));
    AG_TRY(ag_secret_new("agm_", scope->arena, &secret, change.hash));
    struct ag_str link = link_to(scope->arena, "/verify-email", secret);
    if (!link.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a link");
    AG_TRY(ag_db_write(core->db, scope->arena, email_change_tx, &change));
    const struct ag_mail_values confirm = {.name = user->name, .other = user->email, .link = link};
    ag_mail_send(core, AG_MAIL_CHANGE_CONFIRM, change.email, &confirm);
    const struct ag_mail_values notice = {.name = user->name, .other = change.email};
    ag_mail_send(core, AG_MAIL_CHANGE_NOTICE, user->email, &notice);
    return AG_OK;
}

/* ---- a forgotten password ---- */

/* A link for a known account. Nobody waits for it: the wait would tell known addresses from unknown
 * ones. */
struct forgot {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_scope scope;
    struct ag_user user;
    struct ag_str secret;
    uint8_t hash[AG_SECRET_HASH_BYTES];
};

/* The account first, as by its end, which takes its links away after it has written its log. */
static enum ag_err reset_insert(struct ag_tx *tx, const struct ag_scope *scope,
                                const struct ag_user *user,
                                const uint8_t hash[AG_SECRET_HASH_BYTES])
{
    struct ag_standing standing;
    AG_TRY(ag_accounts_lock(tx, user->id, &standing));
    AG_TRY(ag_email_tokens_void(tx, user->id, RESET, ag_wall_ms()));
    AG_TRY(token_insert(tx, hash, user->id, RESET, user->email, AG_RESET_TTL_MS));
    return ag_audit_in(tx, scope, user->org_id, user->id, "auth.password_reset_asked",
                       AG_STR("{}"));
}

static enum ag_err forgot_tx(struct ag_tx *tx, void *arg)
{
    struct forgot *forgot = arg;
    return reset_insert(tx, &forgot->scope, &forgot->user, forgot->hash);
}

static void forgot_free(struct forgot *forgot)
{
    ag_arena_done(&forgot->arena);
    free(forgot);
}

static void forgot_done(struct ag_db_job *job, enum ag_err err)
{
    struct forgot *forgot = AG_CONTAINER_OF(job, struct forgot, job);
    struct ag_str link = link_to(&forgot->arena, "/reset-password", forgot->secret);
    if (err == AG_OK && !link.data) err = AG_E_NO_MEMORY;
    const struct ag_mail_values values = {.name = forgot->user.name, .link = link};
    if (err == AG_OK)
        ag_mail_send(forgot->scope.core, AG_MAIL_RESET, forgot->user.email, &values);
    else
        ag_log_diag(AG_LOG_WARN, "password reset not begun", err);
    forgot_free(forgot);
}

static enum ag_err forgot_copy(struct forgot *forgot, const struct ag_scope *scope,
                               const struct ag_user *user)
{
    struct ag_arena *arena = &forgot->arena;
    forgot->scope = (struct ag_scope){
        .core = scope->core, .arena = arena, .ip = ag_arena_copy(arena, scope->ip)};
    forgot->user = (struct ag_user){
        .id = user->id,
        .org_id = user->org_id,
        .name = ag_arena_copy(arena, user->name),
        .email = ag_arena_copy(arena, user->email),
    };
    if (!forgot->scope.ip.data || !forgot->user.name.data || !forgot->user.email.data)
        return ag_fail(AG_E_NO_MEMORY, "no memory for a password reset");
    return ag_secret_new("agm_", arena, &forgot->secret, forgot->hash);
}

static enum ag_err forgot_start(struct ag_scope *scope, const struct ag_user *user)
{
    struct forgot *forgot = calloc(1, sizeof(*forgot));
    if (!forgot) return ag_fail(AG_E_NO_MEMORY, "no memory for a password reset");
    ag_arena_init(&forgot->arena);
    enum ag_err err = forgot_copy(forgot, scope, user);
    forgot->job = (struct ag_db_job){
        .fn = forgot_tx,
        .arg = forgot,
        .done = forgot_done,
        .arena = &forgot->arena,
        .apart = true, /* it holds the end of the account's audit log */
    };
    if (err == AG_OK) err = ag_db_write_start(scope->core->db, &forgot->job);
    if (err != AG_OK) forgot_free(forgot);
    return err;
}

/* Whoever asks for "ada+1@" and "ada+2@", which nobody has or anybody registered, must not use up
 * what Ada may ask for with the address that she has proved. */
struct ag_str ag_reset_purpose(bool proved)
{
    return proved ? RESET : AG_STR("reset unproved");
}

enum ag_err ag_password_forgot(struct ag_scope *scope, struct ag_str email)
{
    struct ag_user user;
    int64_t wait_s;
    AG_TRY(ag_email_normal(scope->arena, email, &email));
    enum ag_err err = ag_users_by_email(scope->core->db, scope->arena, email, &user);
    if (err != AG_OK && err != AG_E_NOT_FOUND) return err;
    /* An address that nobody has is counted as well, since that may take its time. */
    struct ag_str purpose = err == AG_OK ? ag_reset_purpose(user.email_verified)
                                         : AG_STR("reset of nobody");
    bool may = may_mail(scope->core, scope->arena, purpose, email, &wait_s);
    if (err != AG_OK || !may || !ag_str_eq(user.status, AG_STR("active"))) return AG_OK;
    err = forgot_start(scope, &user);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "password reset not begun", err);
    return AG_OK;
}

/* ---- a link by somebody else's leave ---- */

struct reset_link {
    struct ag_scope *scope;
    const struct ag_user *user;
    uint8_t hash[AG_SECRET_HASH_BYTES];
};

static enum ag_err reset_link_tx(struct ag_tx *tx, void *arg)
{
    struct reset_link *args = arg;
    const struct ag_uuid server_log = {{0}};
    char text[AG_UUID_TEXT_BYTES];
    AG_TRY(ag_admin_actor(tx, args->scope));
    AG_TRY(reset_insert(tx, args->scope, args->user, args->hash));
    return ag_audit_in(
        tx, args->scope, server_log, args->scope->who.user_id, "user.password_reset_sent",
        ag_details(ag_tx_arena(tx), "user_id", ag_uuid_format(args->user->id, text)));
}

enum ag_err ag_account_reset_link(struct ag_scope *scope, const struct ag_user *user,
                                  struct ag_str *ret_link)
{
    struct reset_link args = {.scope = scope, .user = user};
    struct ag_str secret;
    if (!ag_str_eq(user->status, AG_STR("active")))
        return ag_fail(AG_E_CONFLICT, "this account is suspended: resume it first");
    AG_TRY(ag_secret_new("agm_", scope->arena, &secret, args.hash));
    struct ag_str link = link_to(scope->arena, "/reset-password", secret);
    if (!link.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a link");
    AG_TRY(ag_db_write(scope->core->db, scope->arena, reset_link_tx, &args));
    *ret_link = link;
    return AG_OK;
}

/* ---- setting a new one ---- */

/* One entry in each organisation where keys of the account were revoked. */
static enum ag_err note_keys(struct ag_tx *tx, const struct follow *follow,
                             const struct ag_list *revoked)
{
    const struct ag_org_key *keys = revoked->items;
    struct ag_uuid user = follow->token.user_id;
    struct ag_uuid *ids = AG_ARENA_ARRAY(ag_tx_arena(tx), struct ag_uuid, revoked->count);
    if (!ids) return ag_fail(AG_E_NO_MEMORY, "no memory for a list of keys");
    for (size_t i = 0, end; i < revoked->count; i = end) {
        for (end = i; end < revoked->count && ag_uuid_eq(keys[end].org_id, keys[i].org_id); end++)
            ids[end] = keys[end].id;
        const struct ag_keys_ended ended = {.org = keys[i].org_id,
                                            .actor = user,
                                            .owner = user,
                                            .because = "auth.password_reset",
                                            .ids = {ids + i, end - i}};
        AG_TRY(ag_audit_keys_ended(tx, follow->scope, &ended));
    }
    return AG_OK;
}

/* Somebody else may have registered this address and waited for its owner to come. */
static enum ag_err lock_out(struct ag_tx *tx, const struct follow *follow, int64_t now)
{
    const struct ag_email_token *token = &follow->token;
    struct ag_locked_out out;
    AG_TRY(ag_accounts_lock_out(tx, token->user_id, now, &out));
    AG_TRY(note_keys(tx, follow, &out.keys));
    const struct ag_str *providers = out.providers.items;
    for (size_t i = 0; i < out.providers.count; i++)
        AG_TRY(ag_audit_in(tx, follow->scope, token->user_org_id, token->user_id,
                           "identity.unlinked",
                           ag_details(ag_tx_arena(tx), "provider", providers[i])));
    return AG_OK;
}

/* Who failed to guess the old password does not keep its owner out. */
static enum ag_err lift_block(struct ag_tx *tx, const struct follow *follow)
{
    const struct ag_email_token *token = &follow->token;
    const struct ag_uuid server_log = {{0}};
    struct ag_arena *arena = ag_tx_arena(tx);
    int64_t lifted;
    AG_TRY(ag_blocks_delete_subject(tx, token->email, &lifted));
    if (lifted == 0) return AG_OK;
    return ag_audit_in(tx, follow->scope, server_log, token->user_id, "block.lifted",
                       AG_DETAILS(arena, {AG_STR("by"), AG_STR("password reset")},
                                  ag_detail_id(arena, "user_id", token->user_id)));
}

static enum ag_err reset_tx(struct ag_tx *tx, void *arg)
{
    struct follow *follow = arg;
    const struct ag_email_token *token = &follow->token;
    struct ag_uuid user = token->user_id, nobody = {{0}};
    struct ag_standing standing;
    int64_t now = ag_wall_ms();
    AG_TRY(ag_accounts_lock(tx, user, &standing));
    AG_TRY(follow_end(tx, follow));
    AG_TRY(ag_accounts_verify(tx, user, token->email, now));
    AG_TRY(ag_accounts_set_password(tx, user, follow->password_hash, now));
    AG_TRY(ag_sessions_revoke_others(tx, user, nobody, now));
    if (!follow->proved) AG_TRY(lock_out(tx, follow, now));
    AG_TRY(ag_linked_names(tx, follow->scope->core, user, &follow->linked));
    AG_TRY(ag_audit_in(tx, follow->scope, token->user_org_id, user, "auth.password_reset",
                       AG_STR("{}")));
    return lift_block(tx, follow);
}

enum ag_err ag_password_reset(struct ag_scope *scope, const struct ag_reset_input *input)
{
    struct follow follow = {.scope = scope};
    struct ag_core *core = scope->core;
    struct ag_user user;
    char hash[AG_PASSWORD_HASH_BYTES];
    const char *problem = ag_password_problem(input->password);
    if (problem) return refuse(scope, "password", "weak", problem);
    AG_TRY(follow_begin(&follow, input->token));
    if (!ag_str_eq(follow.token.purpose, RESET))
        return refuse(scope, "token", "unknown", "is not for a new password");
    AG_TRY(ag_users_by_id(core->db, scope->arena, follow.token.user_id, &user));
    follow.proved = user.email_verified;
    AG_TRY(ag_password_hash(input->password, hash));
    follow.password_hash = ag_str(hash);
    enum ag_err err = ag_db_write(core->db, scope->arena, reset_tx, &follow);
    if (err == AG_E_STALE || err == AG_E_NOT_FOUND)
        return refuse(scope, "token", "used", "was used before, or is for another address");
    AG_TRY(err);
    ag_access_changed(core);
    struct ag_settings settings = ag_settings(core);
    ag_attempts_forget(core, &settings, AG_STR("account"), follow.token.email);
    ag_policy_changed(core);
    const struct ag_mail_values values = {.name = follow.token.user_name, .other = follow.linked};
    ag_mail_send(core, AG_MAIL_PASSWORD_CHANGED, follow.token.email, &values);
    return AG_OK;
}
