/* The guard's part that counts: how often may this be asked, by whom, from where. */
#include "api/route.h"
#include "core/limits.h"

enum {
    MINUTE_MS = 60 * 1000,
    /* A page of the web UI asks a dozen things: what a browser's session may ask that costs nothing
     * is wide, and apart from what it may spend. */
    BROWSER_FACTOR = 10,
    BROWSER_PER_MINUTE = 1000,
};

/* Whether limits hold for the route at all: those of the API, unless they are switched off. */
static bool counts(const struct ag_ctx *ctx)
{
    return ctx->scope.core->limiter && strncmp(ctx->route->path, "/v1/", 4) == 0;
}

/* ---- taking and giving back ---- */

static void give_all_back(struct ag_ctx *ctx)
{
    for (size_t i = 0; i < ctx->limits.count; i++) {
        const struct ag_limit_taken *taken = &ctx->limits.taken[i];
        ag_limiter_refund(ctx->scope.core->limiter, ag_str_n(taken->key, taken->len), &taken->rate,
                          ag_mono_us());
    }
    ctx->limits.count = 0;
}

static enum ag_err refuse(struct ag_ctx *ctx, const struct ag_limit_verdict *verdict)
{
    /* Whoever is refused uses up nothing, neither of their own nor of their neighbours'. */
    give_all_back(ctx);
    ctx->limits.least = *verdict;
    ctx->retry_after_s = AG_MAX((verdict->retry_after_ms + 999) / 1000, (int64_t)1);
    return ag_fail(AG_E_RATE_LIMITED, "this may be done %lld times a minute; wait %lld s",
                   (long long)verdict->limit, (long long)ctx->retry_after_s);
}

/* The key is what is counted and whose: "user " and an id's bytes. */
static enum ag_err take(struct ag_ctx *ctx, const char *what, const char *more, const void *bytes,
                        size_t len, const struct ag_rate *rate)
{
    AG_ASSERT(ctx->limits.count < AG_LIMITS_MAX);
    struct ag_limit_taken *taken = &ctx->limits.taken[ctx->limits.count];
    size_t what_len = strlen(what), more_len = AG_MIN(strlen(more), (size_t)72);
    AG_ASSERT(what_len + more_len + 1 + len <= sizeof(taken->key));
    memcpy(taken->key, what, what_len);
    memcpy(taken->key + what_len, more, more_len);
    taken->key[what_len + more_len] = ' ';
    memcpy(taken->key + what_len + more_len + 1, bytes, len);
    taken->len = what_len + more_len + 1 + len;
    taken->rate = *rate;
    struct ag_limit_verdict verdict = ag_limiter_take(
        ctx->scope.core->limiter, ag_str_n(taken->key, taken->len), rate, ag_mono_us());
    if (!verdict.allowed) return refuse(ctx, &verdict);
    ctx->limits.count++;
    struct ag_limit_verdict *least = &ctx->limits.least;
    if (least->limit == 0 || verdict.remaining < least->remaining) *least = verdict;
    return AG_OK;
}

/* A network of IPv6 is one customer's /64, so that is what counts as an address. */
static enum ag_err take_address(struct ag_ctx *ctx, const char *what, const char *more,
                                const struct ag_rate *rate)
{
    const struct ag_address *address = &ctx->address;
    return take(ctx, what, more, address->bytes, address->bits == 128 ? 8 : 4, rate);
}

static enum ag_err take_id(struct ag_ctx *ctx, const char *what, const char *more,
                           struct ag_uuid id, const struct ag_rate *rate)
{
    return take(ctx, what, more, id.bytes, sizeof(id.bytes), rate);
}

/* ---- in the order they are asked ---- */

enum ag_err ag_limits_arrive(struct ag_ctx *ctx)
{
    const struct ag_route *route = ctx->route;
    if (!counts(ctx)) return AG_OK;
    struct ag_block_verdict block = ag_blocked_address(ctx->scope.core, &ctx->address);
    /* Failed sign-ins of a neighbour keep others behind the address from no more than signing in.
     */
    bool signs_in = (route->flags & AG_RF_SIGN_IN) && !ctx->scope.ip_is_proxys;
    bool blocks = block.by_hand || signs_in;
    if (block.left_ms > 0 && blocks) {
        ctx->retry_after_s = (block.left_ms + 999) / 1000;
        return ag_fail(AG_E_RATE_LIMITED,
                       "requests from this address are blocked for %lld minutes; an "
                       "administrator can lift that",
                       (long long)((ctx->retry_after_s + 59) / 60));
    }
    if (route->permission != AG_PERM_PUBLIC) return AG_OK;
    struct ag_settings settings = ag_settings(ctx->scope.core);
    bool spends = route->flags & AG_RF_SPENDS;
    const struct ag_rate rate = {
        .count = spends ? settings.public_per_minute : settings.address_per_minute,
        .per_ms = MINUTE_MS,
    };
    return take_address(ctx, spends ? "public" : "address", "", &rate);
}

enum ag_err ag_limits_before_look_up(struct ag_ctx *ctx)
{
    if (!counts(ctx)) return AG_OK;
    const struct ag_rate rate = {
        .count = ag_settings(ctx->scope.core).address_per_minute,
        .per_ms = MINUTE_MS,
    };
    return take_address(ctx, "address", "", &rate);
}

void ag_limits_after_look_up(struct ag_ctx *ctx, enum ag_err err)
{
    int status = ag_err_info(err)->status;
    if (!counts(ctx)) return;
    /* One that is none stays counted. */
    if (err != AG_OK && status < 500) {
        ctx->limits.count = 0;
        return;
    }
    give_all_back(ctx);
    ctx->limits.least = (struct ag_limit_verdict){0};
}

/* An organisation's keys are nobody's: they count together, as one more of its members, so that
 * more keys are not more requests. In a person's own organisation they are that person's. */
static bool is_shared(const struct ag_principal *who)
{
    return who->shared_key && !who->is_personal;
}

static struct ag_uuid whose(const struct ag_principal *who)
{
    return is_shared(who) ? who->org_id : who->user_id;
}

/* How often the plan lets each member of the organisation ask. */
static int64_t plan_per_minute(struct ag_ctx *ctx)
{
    const struct ag_principal *who = &ctx->scope.who;
    if (who->org_per_minute > 0) return who->org_per_minute;
    struct ag_settings settings = ag_settings(ctx->scope.core);
    return who->premium ? settings.premium_per_minute : settings.free_per_minute;
}

enum ag_err ag_limits_of_principal(struct ag_ctx *ctx)
{
    const struct ag_principal *who = &ctx->scope.who;
    if (!counts(ctx)) return AG_OK;
    struct ag_rate rate = {.count = who->key_per_minute, .per_ms = MINUTE_MS};
    if (rate.count > 0) AG_TRY(take_id(ctx, "key", "", who->key_id, &rate));
    rate.count = plan_per_minute(ctx);
    /* Anybody makes organisations that cost nothing: what one person's keys of all of them may do
     * is one plan. */
    if (is_shared(who) && !who->premium && who->org_per_minute == 0)
        AG_TRY(take_id(ctx, "maker", "", who->user_id, &rate));
    if (who->credential == AG_CRED_COOKIE && !(ctx->route->flags & AG_RF_SPENDS)) {
        rate.count = AG_MAX(rate.count * BROWSER_FACTOR, (int64_t)BROWSER_PER_MINUTE);
        return take_id(ctx, "browser", "", whose(who), &rate);
    }
    return take_id(ctx, "user", "", whose(who), &rate);
}

enum ag_err ag_limits_of_visitor(struct ag_ctx *ctx)
{
    if (!counts(ctx)) return AG_OK;
    const struct ag_rate rate = {.count = plan_per_minute(ctx), .per_ms = MINUTE_MS};
    enum ag_err err = take_id(ctx, "visitors", "", ctx->scope.who.org_id, &rate);
    ag_limits_tell(ctx);
    return err;
}

bool ag_limits_more(const struct ag_ctx *ctx)
{
    return ctx->route->permission == AG_PERM_PUBLIC && (ctx->route->flags & AG_RF_SPENDS);
}

enum ag_err ag_limits_of_route(struct ag_ctx *ctx)
{
    const struct ag_route_limit *limit = ctx->route->limit;
    if (!limit || !counts(ctx)) return AG_OK;
    if (ctx->scope.who.credential != AG_CRED_NONE && limit->per_user.count > 0)
        AG_TRY(take_id(ctx, "user ", ctx->route->id, whose(&ctx->scope.who), &limit->per_user));
    if (limit->per_ip.count > 0)
        AG_TRY(take_address(ctx, "address ", ctx->route->id, &limit->per_ip));
    return AG_OK;
}

/* ---- what the reply tells ---- */

static void tell(struct ag_ctx *ctx, const char *name, int64_t value)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%lld", (long long)value);
    ag_reply_header(ctx->req, name, ag_str_n(text, (size_t)len));
}

void ag_limits_tell(struct ag_ctx *ctx)
{
    const struct ag_limit_verdict *least = &ctx->limits.least;
    if (least->limit == 0 || ctx->limits.told) return;
    ctx->limits.told = true;
    tell(ctx, "RateLimit-Limit", least->limit);
    tell(ctx, "RateLimit-Remaining", least->remaining);
    tell(ctx, "RateLimit-Reset", (least->reset_ms + 999) / 1000);
}
