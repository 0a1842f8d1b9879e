/* Attempts to sign in: how many may fail, of an account and from an address. */
#include "base/log.h"
#include "core/internal.h"
#include "core/limits.h"

/*
 * Of each subject two things are counted at the same rate: attempts that were let through and not
 * given back, which decides who may try; and failures alone, which decides who is blocked, so that
 * many who sign in at the same moment from one address do not end up as if they had failed.
 */
enum { KEY_BYTES = AG_BLOCK_SUBJECT_BYTES + 32, BUSY_RETRY_S = 1 };

static struct ag_str key_of(const char *what, struct ag_str kind, struct ag_str subject,
                            char out[KEY_BYTES])
{
    int len = snprintf(out, KEY_BYTES, "%s %.*s %.*s", what, AG_STR_ARG(kind),
                       AG_STR_ARG(ag_str_sub(subject, 0, AG_BLOCK_SUBJECT_BYTES)));
    return ag_str_n(out, (size_t)len);
}

static struct ag_rate rate_of(const struct ag_settings *settings, bool account)
{
    return (struct ag_rate){
        .count = account ? settings->login_failures_per_account
                         : settings->login_failures_per_address,
        .per_ms = settings->login_window_s * 1000,
    };
}

void ag_attempts_forget(struct ag_core *core, const struct ag_settings *settings,
                        struct ag_str kind, struct ag_str subject)
{
    char key[KEY_BYTES];
    struct ag_rate rate = rate_of(settings, ag_str_eq(kind, AG_STR("account")));
    if (!core->limiter) return;
    ag_limiter_forget(core->limiter, key_of("attempt", kind, subject, key), &rate);
    ag_limiter_forget(core->limiter, key_of("failure", kind, subject, key), &rate);
}

/* ---- before ---- */

static enum ag_err refuse(struct ag_scope *scope, int64_t left_ms)
{
    int64_t seconds = AG_MAX((left_ms + 999) / 1000, (int64_t)BUSY_RETRY_S);
    scope->retry_after_s = seconds;
    if (left_ms == 0)
        return ag_fail(AG_E_RATE_LIMITED, "too many sign-ins at the same time; try again");
    return ag_fail(AG_E_RATE_LIMITED,
                   "too many sign-ins have failed; try again in %lld minutes, or ask an "
                   "administrator to lift the block",
                   (long long)((seconds + 59) / 60));
}

static enum ag_err check_block(struct ag_scope *scope, const char *kind, struct ag_str subject)
{
    struct ag_block_verdict verdict = ag_blocked(scope->core, kind, subject);
    return verdict.left_ms > 0 ? refuse(scope, verdict.left_ms) : AG_OK;
}

/* One attempt more of a subject. What is refused without a block has others in flight. */
static enum ag_err reserve(struct ag_scope *scope, const struct ag_settings *settings,
                           const char *kind, struct ag_str subject)
{
    char key[KEY_BYTES];
    struct ag_rate rate = rate_of(settings, strcmp(kind, "account") == 0);
    if (subject.len == 0) return AG_OK;
    AG_TRY(check_block(scope, kind, subject));
    struct ag_limiter *limiter = scope->core->limiter;
    if (ag_limiter_take(limiter, key_of("attempt", ag_str(kind), subject, key), &rate, ag_mono_us())
            .allowed)
        return AG_OK;
    struct ag_limit_verdict failures = ag_limiter_peek(
        limiter, key_of("failure", ag_str(kind), subject, key), &rate, ag_mono_us());
    return refuse(scope, failures.allowed ? 0 : failures.retry_after_ms);
}

static void give_back(struct ag_scope *scope, const struct ag_settings *settings, const char *kind,
                      struct ag_str subject)
{
    char key[KEY_BYTES];
    struct ag_rate rate = rate_of(settings, strcmp(kind, "account") == 0);
    if (subject.len > 0)
        ag_limiter_refund(scope->core->limiter, key_of("attempt", ag_str(kind), subject, key),
                          &rate, ag_mono_us());
}

enum ag_err ag_attempt_begin(struct ag_scope *scope, struct ag_str email,
                             struct ag_attempt *ret_attempt)
{
    struct ag_attempt attempt = {.email = email};
    struct ag_address address;
    char text[AG_BLOCK_SUBJECT_BYTES];
    if (!scope->core->limiter) {
        *ret_attempt = (struct ag_attempt){.counted = false};
        return AG_OK;
    }
    /* A proxy does not fail: its clients do, and one of them would lock out all others. */
    if (!scope->ip_is_proxys && ag_address_parse(scope->ip, &address) == AG_OK) {
        attempt.address = ag_arena_copy(scope->arena, ag_address_subject(&address, text));
        if (!attempt.address.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an attempt");
    }
    struct ag_settings settings = ag_settings(scope->core);
    AG_TRY(reserve(scope, &settings, "address", attempt.address));
    enum ag_err err = reserve(scope, &settings, "account", attempt.email);
    if (err != AG_OK) {
        give_back(scope, &settings, "address", attempt.address);
        return err;
    }
    attempt.counted = true;
    *ret_attempt = attempt;
    return AG_OK;
}

/* ---- after ---- */

/* Nobody waits for it: the counts hold meanwhile. */
struct block_job {
    struct ag_db_job job;
    struct ag_arena arena;
    struct ag_core *core;
    struct ag_block block;
    struct ag_str ip;
};

static enum ag_err block_tx(struct ag_tx *tx, void *arg)
{
    struct block_job *work = arg;
    const struct ag_scope scope = {.core = work->core, .ip = work->ip};
    bool made;
    AG_TRY(ag_blocks_put(tx, &work->block, false, &made));
    if (!made) return AG_OK;
    char id[AG_UUID_TEXT_BYTES];
    struct ag_str details = ag_arena_printf(
        ag_tx_arena(tx), "{\"block_id\":\"%s\",\"kind\":\"%.*s\",\"failures\":%lld}",
        ag_uuid_format(work->block.id, id).data, AG_STR_ARG(work->block.kind),
        (long long)work->block.failures);
    if (!details.data) return ag_fail(AG_E_NO_MEMORY, "no memory for an audit entry");
    return ag_audit_in(tx, &scope, (struct ag_uuid){0}, (struct ag_uuid){0}, "block.created",
                       details);
}

static void block_done(struct ag_db_job *job, enum ag_err err)
{
    struct block_job *work = AG_CONTAINER_OF(job, struct block_job, job);
    if (err != AG_OK) ag_log_diag(AG_LOG_WARN, "block not recorded", err);
    ag_policy_changed(work->core);
    ag_arena_done(&work->arena);
    free(work);
}

static void block(struct ag_scope *scope, const struct ag_settings *settings, const char *kind,
                  struct ag_str subject, int64_t failures)
{
    struct block_job *work = calloc(1, sizeof(*work));
    if (!work) return;
    int64_t now = ag_wall_ms();
    ag_arena_init(&work->arena);
    work->core = scope->core;
    work->ip = ag_arena_copy(&work->arena, scope->ip);
    work->block = (struct ag_block){
        .id = ag_uuid_new(),
        .kind = ag_str(kind),
        .subject = ag_arena_copy(&work->arena, subject),
        .reason = AG_STR("Too many failed sign-ins"),
        .failures = failures,
        .created_at = now,
        .expires_at = now + settings->login_block_s * 1000,
    };
    work->job = (struct ag_db_job){
        .fn = block_tx, .arg = work, .done = block_done, .arena = &work->arena, .apart = true};
    enum ag_err err = work->ip.data && work->block.subject.data
                          ? ag_db_write_start(scope->core->db, &work->job)
                          : AG_E_NO_MEMORY;
    if (err != AG_OK) block_done(&work->job, err);
}

static void count_failure(struct ag_scope *scope, const struct ag_settings *settings,
                          const char *kind, struct ag_str subject)
{
    char key[KEY_BYTES];
    struct ag_rate rate = rate_of(settings, strcmp(kind, "account") == 0);
    if (subject.len == 0) return;
    struct ag_limit_verdict failures = ag_limiter_take(
        scope->core->limiter, key_of("failure", ag_str(kind), subject, key), &rate, ag_mono_us());
    if (!failures.allowed || failures.remaining == 0)
        block(scope, settings, kind, subject, rate.count);
}

enum ag_err ag_attempt_end(struct ag_scope *scope, const struct ag_attempt *attempt,
                           enum ag_err err)
{
    if (!attempt->counted) return err;
    struct ag_settings settings = ag_settings(scope->core);
    if (err == AG_E_BAD_CREDENTIALS) {
        count_failure(scope, &settings, "address", attempt->address);
        count_failure(scope, &settings, "account", attempt->email);
        return err;
    }
    give_back(scope, &settings, "address", attempt->address);
    if (err == AG_OK)
        ag_attempts_forget(scope->core, &settings, AG_STR("account"), attempt->email);
    else
        give_back(scope, &settings, "account", attempt->email);
    return err;
}

enum ag_err ag_attempt_password(struct ag_scope *scope, struct ag_str email, struct ag_str password,
                                const char *hash)
{
    struct ag_attempt attempt;
    AG_TRY(ag_attempt_begin(scope, email, &attempt));
    enum ag_err err = ag_password_verify(password, hash);
    if (err == AG_OK && !hash) err = AG_E_BAD_CREDENTIALS;
    return ag_attempt_end(scope, &attempt, err);
}
