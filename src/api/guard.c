/* The guard: what stands between a request and its handler, in the order it is checked. */
#include "api/route.h"

enum { MAX_QUERY_PAIRS = 32, MAX_UNUSED_BODY_BYTES = 4096, MAX_NAME_BYTES = 64 };

/* ---- who asks ---- */

static struct ag_str bearer(struct ag_str authorization)
{
    /* The scheme's name is case-insensitive (RFC 9110 11.1). */
    struct ag_str scheme = ag_str_sub(authorization, 0, 7);
    if (!ag_str_eq_nocase(scheme, AG_STR("bearer "))) return (struct ag_str){0};
    return ag_str_trim(ag_str_sub(authorization, 7, authorization.len));
}

/* Two credentials of one kind would mean one person to us and another to a proxy in front. */
static enum ag_err check_single(const struct ag_request *req)
{
    int authorizations = 0, keys = 0;
    for (size_t i = 0; i < req->header_count; i++) {
        authorizations += ag_str_eq_nocase(req->headers[i].name, AG_STR("authorization"));
        keys += ag_str_eq_nocase(req->headers[i].name, AG_STR("x-api-key"));
    }
    if (authorizations > 1 || keys > 1)
        return ag_fail(AG_E_BAD_REQUEST, "send one credential: its header stands there twice");
    return AG_OK;
}

/* Finds the credential a request carries; one order for all routes, so that two credentials in one
 * request never mean different people to different handlers. */
static enum ag_credential find_credential(const struct ag_request *req, struct ag_str *ret_secret)
{
    struct ag_str authorization = ag_request_header(req, AG_STR("authorization"));
    if (authorization.data) {
        *ret_secret = bearer(authorization);
        if (ret_secret->len == 0) return AG_CRED_NONE;
        return ag_str_starts_with(*ret_secret, AG_STR("agk_")) ? AG_CRED_KEY : AG_CRED_TOKEN;
    }
    *ret_secret = ag_request_header(req, AG_STR("x-api-key"));
    if (ret_secret->data) return AG_CRED_KEY;
    *ret_secret = ag_request_cookie(req, AG_STR(AG_SESSION_COOKIE));
    if (ret_secret->len > 0) return AG_CRED_COOKIE;
    return AG_CRED_NONE;
}

/* A browser sends its cookie with whatever any site makes it send: only our own pages may change
 * something with it. */
static enum ag_err check_origin(const struct ag_request *req)
{
    if (req->method == AG_GET || req->method == AG_HEAD) return AG_OK;
    struct ag_str origin = ag_request_header(req, AG_STR("origin"));
    struct ag_str host = ag_request_header(req, AG_STR("host"));
    ptrdiff_t scheme_end = ag_str_find(origin, AG_STR("://"));
    if (scheme_end > 0 && host.len > 0 &&
        ag_str_eq_nocase(ag_str_sub(origin, (size_t)scheme_end + 3, origin.len), host))
        return AG_OK;
    return ag_fail(AG_E_BAD_ORIGIN,
                   "with a session cookie, changes are taken from this site's own pages only; "
                   "API clients send Authorization: Bearer");
}

/* What a credential that is not taken answers beside its problem (RFC 6750 3). Returns `err`. */
static enum ag_err challenge(struct ag_ctx *ctx, enum ag_err err)
{
    if (ag_err_info(err)->status == 401)
        ag_reply_header(ctx->req, "WWW-Authenticate",
                        AG_STR("Bearer realm=\"agentgen\", error=\"invalid_token\""));
    return err;
}

enum ag_err ag_guard_authenticate(struct ag_ctx *ctx)
{
    struct ag_str secret;
    AG_TRY(check_single(ctx->req));
    enum ag_credential kind = find_credential(ctx->req, &secret);
    if (kind == AG_CRED_NONE) {
        AG_TRY(ag_limits_before_look_up(ctx));
        ag_reply_header(ctx->req, "WWW-Authenticate", AG_STR("Bearer realm=\"agentgen\""));
        return ag_fail(AG_E_UNAUTHENTICATED,
                       "send Authorization: Bearer with a token or an API key");
    }
    enum ag_err err = AG_OK;
    if (!ag_authenticate_known(ctx->scope.core, kind, secret, &ctx->scope.who)) {
        /* So that made-up ones do not all reach the database. */
        if (!ag_authenticate_seen(ctx->scope.core, secret)) AG_TRY(ag_limits_before_look_up(ctx));
        err = ag_authenticate(ctx->scope.core, ctx->scope.arena, kind, secret, &ctx->scope.who);
        ag_limits_after_look_up(ctx, err);
    }
    AG_TRY(challenge(ctx, err));
    /* Until the request's end; whatever a statement says, these are the rows it may meet. */
    ag_db_tenant_swap(ag_tenant(ctx->scope.who.org_id));
    return kind == AG_CRED_COOKIE ? check_origin(ctx->req) : AG_OK;
}

/* ---- what is asked ---- */

/* {id} is an id; a parameter called otherwise is a name. What is neither names nothing: the same
 * answer as for something that is not there. */
static enum ag_err take_path(struct ag_ctx *ctx, const struct ag_route_match *match)
{
    for (size_t i = 0; i < match->param_count; i++) {
        const struct ag_pair *param = &match->params[i];
        if (!ag_str_eq(param->name, AG_STR("id"))) {
            ctx->name = param->value;
            if (ctx->name.len > MAX_NAME_BYTES || !ag_utf8_valid(ctx->name))
                return ag_fail(AG_E_NOT_FOUND, "there is nothing with this name");
        } else if (ag_uuid_parse(param->value, &ctx->id) != AG_OK) {
            return ag_fail(AG_E_NOT_FOUND, "there is nothing with this id");
        }
    }
    return AG_OK;
}

static enum ag_err take_query(struct ag_ctx *ctx)
{
    struct ag_pair pairs[MAX_QUERY_PAIRS];
    size_t count;
    if (!ctx->route->query) return AG_OK;
    AG_TRY(ag_request_query(ctx->req, pairs, MAX_QUERY_PAIRS, &count));
    void *doc = ag_arena_zalloc(ctx->scope.arena, ctx->route->query->size);
    if (!doc) return ag_fail(AG_E_NO_MEMORY, "no memory for a query");
    ctx->query = doc;
    return ag_fields_decode_pairs(ctx->route->query, pairs, count, doc, ctx->scope.arena,
                                  ctx->scope.errors);
}

static bool is_json(struct ag_str content_type)
{
    ptrdiff_t parameters = ag_str_find_char(content_type, ';');
    if (parameters >= 0) content_type = ag_str_sub(content_type, 0, (size_t)parameters);
    return ag_str_eq_nocase(ag_str_trim(content_type), AG_STR("application/json"));
}

static enum ag_err take_body(struct ag_ctx *ctx, struct ag_str *ret_body)
{
    const struct ag_route *route = ctx->route;
    if (!route->body) {
        if (!ag_request_has_body(ctx->req)) return AG_OK;
        AG_TRY(ag_request_body(ctx->req, MAX_UNUSED_BODY_BYTES, ret_body));
        struct ag_str text = ag_str_trim(*ret_body);
        if (text.len == 0 || ag_str_eq(text, AG_STR("{}"))) return AG_OK;
        return ag_fail(AG_E_BAD_REQUEST, "this operation takes no body");
    }
    struct ag_str content_type = ag_request_header(ctx->req, AG_STR("content-type"));
    if (!is_json(content_type))
        return ag_fail(AG_E_MEDIA_TYPE, "send the body as Content-Type: application/json");
    AG_TRY(ag_request_body(ctx->req, route->max_body ? route->max_body : AG_HTTP_MAX_BODY_BYTES,
                           ret_body));
    void *doc = ag_arena_zalloc(ctx->scope.arena, route->body->size);
    if (!doc) return ag_fail(AG_E_NO_MEMORY, "no memory for a body");
    ctx->body = doc;
    return ag_fields_decode(route->body, *ret_body, doc, ctx->scope.arena, ctx->scope.errors);
}

/* The numbers in one ETag of ours, "version" or "version.revision"; what stands behind a dash is
 * for caches alone. */
static bool read_etag(struct ag_str etag, int64_t *version, int64_t *revision)
{
    if (etag.len < 3 || etag.data[0] != '"' || etag.data[etag.len - 1] != '"') return false;
    struct ag_str rest = ag_str_sub(etag, 1, etag.len - 2), part;
    ptrdiff_t dash = ag_str_find_char(rest, '-');
    if (dash >= 0) rest = ag_str_sub(rest, 0, (size_t)dash);
    int64_t *const numbers[] = {version, revision};
    for (size_t i = 0; ag_str_split(&rest, '.', &part); i++)
        if (i == AG_COUNT(numbers) || ag_str_to_int64(part, numbers[i]) != AG_OK || *numbers[i] < 0)
            return false;
    return true;
}

/* One ETag or `*`. Anything else matches nothing, as RFC 9110 13.1.1 has it. */
static void take_if_match(struct ag_ctx *ctx)
{
    struct ag_str value = ag_request_header(ctx->req, AG_STR("if-match"));
    ctx->if_version = ctx->if_revision = AG_ANY_VERSION;
    if (!ag_route_takes_if_match(ctx->route)) return;
    if (value.len == 0 || ag_str_eq(value, AG_STR("*"))) return;
    if (!read_etag(value, &ctx->if_version, &ctx->if_revision))
        ctx->if_version = ctx->if_revision = AG_NO_VERSION;
}

/* ---- the way through ---- */

/* Whether the route takes what the principal came with. */
static enum ag_err check_credential(const struct ag_ctx *ctx)
{
    enum ag_credential kind = ctx->scope.who.credential;
    unsigned taken = ctx->route->credentials ? ctx->route->credentials : AG_CRED_ANY;
    if (taken & kind) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "this takes %s",
                   kind == AG_CRED_KEY ? "a person who has signed in, not an API key"
                                       : "another kind of credential");
}

static enum ag_err check_rights(struct ag_ctx *ctx)
{
    const struct ag_route *route = ctx->route;
    if (!ag_principal_may(&ctx->scope.who, route->permission))
        return ag_fail(AG_E_FORBIDDEN, "this needs the permission %s",
                       ag_permission_info(route->permission)->name);
    AG_TRY(ag_guard_agent_door(ctx));
    return route->flags & AG_RF_RECENT ? ag_require_recent(&ctx->scope) : AG_OK;
}

/* Who asks, whether they may, and how often. What is refused to somebody known counts as theirs. */
static enum ag_err admit(struct ag_ctx *ctx)
{
    const struct ag_route *route = ctx->route;
    AG_TRY(ag_limits_arrive(ctx));
    if (route->permission != AG_PERM_PUBLIC) {
        AG_TRY(ag_guard_authenticate(ctx));
        AG_TRY(ag_limits_of_principal(ctx));
        AG_TRY(check_credential(ctx));
        AG_TRY(check_rights(ctx));
    }
    return ag_limits_of_route(ctx);
}

/* A body comes as slowly as its sender likes, minutes at the least rate. What let the request in
 * may be gone when the last byte is there: then it is judged once more. */
static enum ag_err admit_again(struct ag_ctx *ctx)
{
    const struct ag_route *route = ctx->route;
    if (route->permission == AG_PERM_PUBLIC) return AG_OK;
    if (!ag_principal_outdated(ctx->scope.core, &ctx->scope.who)) return AG_OK;
    AG_TRY(challenge(ctx, ag_principal_renew(&ctx->scope, route->permission)));
    return check_rights(ctx);
}

static enum ag_err handle(struct ag_ctx *ctx)
{
    enum ag_err err = ctx->route->handler(ctx);
    return ag_warrant_end(&ctx->warrant, err);
}

enum ag_err ag_guard_run(struct ag_ctx *ctx, const struct ag_route_match *match)
{
    const struct ag_route *route = ctx->route;
    enum ag_err err = admit(ctx);
    if (err != AG_OK || !ag_limits_more(ctx)) ag_limits_tell(ctx);
    AG_TRY(err);
    struct ag_str body = {0};
    AG_TRY(take_path(ctx, match));
    AG_TRY(take_query(ctx));
    AG_TRY(take_body(ctx, &body));
    AG_TRY(admit_again(ctx));
    take_if_match(ctx);
    AG_TRY(ag_guard_agent(ctx));
    if (!(route->flags & AG_RF_IDEMPOTENT)) return handle(ctx);

    struct ag_idempotent idem;
    bool replayed = false;
    AG_TRY(ag_idempotent_begin(ctx, body, &idem, &replayed));
    if (replayed) return AG_OK;
    return ag_idempotent_end(ctx, &idem, handle(ctx));
}
