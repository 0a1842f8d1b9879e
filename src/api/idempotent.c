#include "api/route.h"

enum { KEY_MAX_BYTES = 255, STORED_MAX_BYTES = 1024 * 1024, CLAIM_TRIES = 4 };

struct claim_args {
    struct ag_ctx *ctx;
    struct ag_str key;
    struct ag_idempotency claim;
    bool is_new;
};

/* A claim of another process is dead when that process is: at once on SQLite, which has one
 * process, and past every limit of a request where there may be several. */
static bool claim_is_dead(const struct ag_core *core, const struct ag_idempotency *claim)
{
    if (ag_uuid_eq(claim->boot_id, core->boot_id)) return false;
    if (!ag_db_is_postgres(core->db)) return true;
    return ag_wall_ms() - claim->created_at > core->options.limits.total_timeout_ms + 60000;
}

/* Whose the key is: a person and the keys that they made for the organisation take different ones.
 */
static struct ag_uuid owner_of(const struct ag_principal *who)
{
    return who->shared_key ? who->key_id : who->user_id;
}

/* Claims the key, or reads who has it: AG_E_NOT_FOUND when they gave it up in between. */
static enum ag_err claim_or_get(struct ag_tx *tx, struct claim_args *args,
                                struct ag_idempotency *found)
{
    const struct ag_principal *who = &args->ctx->scope.who;
    AG_TRY(ag_idempotency_claim(tx, who->org_id, owner_of(who), args->key, &args->claim,
                                &args->is_new));
    if (args->is_new) return AG_OK;
    return ag_idempotency_get(tx, who->org_id, owner_of(who), args->key, found);
}

static enum ag_err claim_tx(struct ag_tx *tx, void *arg)
{
    struct claim_args *args = arg;
    const struct ag_principal *who = &args->ctx->scope.who;
    const struct ag_core *core = args->ctx->scope.core;
    struct ag_idempotency found;
    enum ag_err err = AG_E_NOT_FOUND;
    for (int tries = 0; err == AG_E_NOT_FOUND && tries < CLAIM_TRIES; tries++)
        err = claim_or_get(tx, args, &found);
    if (err == AG_E_NOT_FOUND)
        return ag_fail(AG_E_IDEMPOTENCY_BUSY, "others use this key at the same moment");
    AG_TRY(err);
    if (args->is_new) return AG_OK;
    if (!ag_str_eq(found.request_hash, args->claim.request_hash))
        return ag_fail(AG_E_IDEMPOTENCY_MISMATCH,
                       "this key was used with another request; take a new one");
    if (found.status == 0) {
        if (!claim_is_dead(core, &found))
            return ag_fail(AG_E_IDEMPOTENCY_BUSY, "the first request with this key still runs");
        AG_TRY(ag_idempotency_take_over(tx, who->org_id, owner_of(who), args->key, core->boot_id));
        args->is_new = true;
    }
    args->claim = found;
    return AG_OK;
}

static void hash_request(const struct ag_ctx *ctx, struct ag_str body, uint8_t *hash)
{
    /* Path and body, each hashed by itself, so that their border cannot move. */
    uint8_t parts[2 * AG_SECRET_HASH_BYTES];
    ag_secret_hash(ctx->req->path, parts);
    ag_secret_hash(body, parts + AG_SECRET_HASH_BYTES);
    ag_secret_hash(ag_str_n((const char *)parts, sizeof(parts)), hash);
}

static bool key_is_fine(struct ag_str key)
{
    if (key.len == 0 || key.len > KEY_MAX_BYTES) return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.data[i] <= ' ' || key.data[i] > '~') return false;
    return true;
}

/* The stored reply becomes this one's. */
static enum ag_err replay(struct ag_ctx *ctx, const struct ag_idempotency *stored)
{
    AG_TRY(ag_ctx_reply_empty(ctx));
    ctx->status = (int)stored->status;
    ctx->content_type = stored->body.len > 0 ? "application/json" : NULL;
    AG_TRY(ag_buf_append_str(&ctx->reply, stored->body));
    ag_reply_header(ctx->req, "Idempotency-Replayed", AG_STR("true"));
    if (stored->etag.len > 0) ag_reply_header(ctx->req, "ETag", stored->etag);
    return AG_OK;
}

enum ag_err ag_idempotent_begin(struct ag_ctx *ctx, struct ag_str body, struct ag_idempotent *idem,
                                bool *ret_replayed)
{
    idem->key = ag_request_header(ctx->req, AG_STR("idempotency-key"));
    if (!idem->key.data) return AG_OK;
    if (!key_is_fine(idem->key))
        return ag_fail(AG_E_BAD_REQUEST,
                       "an Idempotency-Key has 1 to 255 printable characters without spaces");
    hash_request(ctx, body, idem->hash);
    struct claim_args args = {
        .ctx = ctx,
        .key = idem->key,
        .claim = {.request_hash = ag_str_n((const char *)idem->hash, sizeof(idem->hash)),
                  .resource_id = ag_uuid_new(),
                  .boot_id = ctx->scope.core->boot_id,
                  .created_at = ag_wall_ms()},
    };
    AG_TRY(ag_db_write(ctx->scope.core->db, ctx->scope.arena, claim_tx, &args));
    if (!args.is_new) {
        AG_TRY(ag_guard_replay(ctx));
        *ret_replayed = true;
        return replay(ctx, &args.claim);
    }
    ctx->scope.reserved_id = args.claim.resource_id;
    return AG_OK;
}

static enum ag_err finish_tx(struct ag_tx *tx, void *arg)
{
    struct claim_args *args = arg;
    const struct ag_principal *who = &args->ctx->scope.who;
    if (args->claim.status == 0)
        return ag_idempotency_drop(tx, who->org_id, owner_of(who), args->key);
    return ag_idempotency_finish(tx, who->org_id, owner_of(who), args->key, &args->claim);
}

enum ag_err ag_idempotent_end(struct ag_ctx *ctx, const struct ag_idempotent *idem, enum ag_err err)
{
    if (!idem->key.data) return err;
    struct claim_args args = {.ctx = ctx, .key = idem->key};
    /* A refusal frees the key, so that the mended request can use it again. */
    const struct ag_buf *kept = ctx->stored.len > 0 ? &ctx->stored : &ctx->reply;
    if (err == AG_OK && ctx->status < 300 && kept->len <= STORED_MAX_BYTES) {
        args.claim.status = ctx->status;
        args.claim.etag = ctx->etag.data ? ctx->etag : AG_STR("");
        args.claim.body = kept->len > 0 ? ag_buf_str(kept) : AG_STR("");
    }
    struct ag_diag diag = *ag_diag();
    enum ag_err stored = ag_db_write(ctx->scope.core->db, ctx->scope.arena, finish_tx, &args);
    if (err != AG_OK) {
        *ag_diag() = diag;
        return err;
    }
    return stored;
}
