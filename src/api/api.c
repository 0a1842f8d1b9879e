#include "api/route.h"
#include "base/log.h"
#include "http/site.h"
#include "web/assets.h"

static size_t count_routes(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ag_route_table_count; i++)
        count += ag_route_tables[i].count;
    return count;
}

static enum ag_err check_route(const struct ag_route *route)
{
    if (route->permission == AG_PERM_UNSET || !route->handler || !route->status)
        return ag_fail(AG_E_CONFIG, "route %s is incomplete", route->id ? route->id : "?");
    if ((strstr(route->path, "{id}") != NULL) != (route->resource != NULL))
        return ag_fail(AG_E_CONFIG, "route %s: {id} and .resource come together", route->id);
    /* What a POST streams is a model's answer. */
    if (route->method == AG_POST && (route->flags & AG_RF_SSE) && !(route->flags & AG_RF_SPENDS))
        return ag_fail(AG_E_CONFIG, "route %s runs a model: it needs AG_RF_SPENDS", route->id);
    return ag_agent_keys_check(route);
}

static enum ag_err compile_routes(struct ag_api *api)
{
    AG_TRY(ag_router_new(&api->router));
    api->rows = calloc(count_routes(), sizeof(*api->rows));
    if (!api->rows) return ag_fail(AG_E_NO_MEMORY, "no memory for the routes");
    for (size_t i = 0; i < ag_route_table_count; i++) {
        for (size_t k = 0; k < ag_route_tables[i].count; k++) {
            const struct ag_route *route = &ag_route_tables[i].routes[k];
            AG_TRY(check_route(route));
            if (ag_router_add(api->router, route->method, route->path, (int)api->row_count) !=
                AG_OK)
                return ag_fail_more(AG_E_CONFIG, "route %s cannot be added", route->id);
            api->rows[api->row_count++] = route;
        }
    }
    return AG_OK;
}

static enum ag_err write_openapi(struct ag_api *api)
{
    AG_TRY(ag_api_openapi(&api->openapi, api->options.version));
    uint8_t hash[AG_SECRET_HASH_BYTES];
    ag_secret_hash(ag_buf_str(&api->openapi), hash);
    uint64_t head;
    memcpy(&head, hash, sizeof(head));
    int len = snprintf(api->openapi_etag_text, sizeof(api->openapi_etag_text), "\"%016llx\"",
                       (unsigned long long)head);
    api->openapi_etag = ag_str_n(api->openapi_etag_text, (size_t)len);
    return AG_OK;
}

enum ag_err ag_api_new(struct ag_core *core, const struct ag_api_options *options,
                       struct ag_api **ret_api)
{
    struct ag_api *api = calloc(1, sizeof(*api));
    if (!api) return ag_fail(AG_E_NO_MEMORY, "no memory for the API");
    api->core = core;
    api->options = *options;
    ag_buf_init(&api->openapi, NULL, 4 * 1024 * 1024);
    enum ag_err err = options->web_dir.len > 0 ? ag_site_dir_check(options->web_dir.data) : AG_OK;
    if (err == AG_OK) err = compile_routes(api);
    if (err == AG_OK) err = write_openapi(api);
    if (err != AG_OK) {
        ag_api_free(api);
        return err;
    }
    *ret_api = api;
    return AG_OK;
}

void ag_api_free(struct ag_api *api)
{
    if (!api) return;
    ag_router_free(api->router);
    ag_buf_done(&api->openapi);
    free(api->rows);
    free(api);
}

void ag_api_set_server(struct ag_api *api, struct ag_server *server)
{
    api->server = server;
}

/* Allow: (RFC 9110 10.2.1) from the methods a path has; GET brings HEAD. */
static void add_allow(struct ag_request *req, unsigned methods)
{
    struct ag_buf buf;
    ag_buf_init(&buf, req->arena, 256);
    for (int method = AG_GET; method < AG_METHOD_OTHER; method++) {
        bool has = methods & (1U << method);
        if (method == AG_HEAD) has = methods & (1U << AG_GET);
        if (!has) continue;
        if (buf.len > 0) ag_buf_append_lit(&buf, ", ");
        ag_buf_append_str(&buf, ag_str(ag_method_name((enum ag_method)method)));
    }
    if (ag_buf_err(&buf) == AG_OK) ag_reply_header(req, "Allow", ag_buf_str(&buf));
}

/* What is no route may be a file of the web pages. The explorer's files are always the program's.
 */
static enum ag_err answer_file(struct ag_ctx *ctx)
{
    static const struct ag_site packed = {.assets = &ag_web_assets};
    struct ag_str path = ctx->req->path;
    if (ag_str_starts_with(path, AG_STR("/v1/")) || ag_str_eq(path, AG_STR("/v1")))
        return ag_fail(AG_E_NOT_FOUND, "there is nothing at this path");
    ctx->req->route = "file";
    bool own = ag_str_eq(path, AG_STR("/swagger")) || ag_str_starts_with(path, AG_STR("/swagger/"));
    const struct ag_site folder = {&ag_web_assets, ctx->api->options.web_dir.data};
    return ag_site_reply(own || ctx->api->options.web_dir.len == 0 ? &packed : &folder, ctx->req);
}

static enum ag_err answer(struct ag_ctx *ctx)
{
    struct ag_request *req = ctx->req;
    struct ag_route_match match;
    ag_router_find(ctx->api->router, req->method, req->path, &match);
    if (match.row < 0 && match.methods == 0) return answer_file(ctx);
    if (match.row < 0) {
        add_allow(req, match.methods);
        return ag_fail(AG_E_METHOD_NOT_ALLOWED, "this path has no such method");
    }
    ctx->route = ctx->api->rows[match.row];
    req->route = ctx->route->id;
    ctx->scope.errors = ag_arena_alloc(req->arena, sizeof(*ctx->scope.errors));
    if (!ctx->scope.errors) return ag_fail(AG_E_NO_MEMORY, "no memory for a request");
    ctx->scope.errors->count = 0;
    return ag_guard_run(ctx, &match);
}

static void add_retry_after(struct ag_ctx *ctx, enum ag_err err)
{
    int64_t seconds = ctx->retry_after_s;
    if (seconds < 0 && ctx->scope.retry_after_s > 0) seconds = ctx->scope.retry_after_s;
    if (seconds < 0 && ag_err_info(err)->status == 503) seconds = 1;
    if (seconds < 0) return;
    struct ag_str text = ag_arena_printf(ctx->scope.arena, "%lld", (long long)seconds);
    if (text.data) ag_reply_header(ctx->req, "Retry-After", text);
}

static struct ag_str address_text(struct ag_ctx *ctx)
{
    char text[AG_ADDRESS_TEXT_BYTES];
    struct ag_str copy = {0};
    if (ctx->address.bits > 0)
        copy = ag_arena_copy(ctx->scope.arena, ag_address_format(&ctx->address, text));
    return copy.data ? copy : AG_STR("unknown");
}

void ag_api_handle(struct ag_request *req, void *arg)
{
    struct ag_api *api = arg;
    struct ag_ctx ctx = {
        .scope = {.core = api->core, .arena = req->arena},
        .req = req,
        .address = ag_client_address(req, &api->options.proxies),
        .api = api,
        .retry_after_s = -1,
    };
    ctx.scope.ip = address_text(&ctx);
    ctx.scope.ip_is_proxys = ag_proxy_unnamed(req, &api->options.proxies);
    ag_diag_clear();
    enum ag_err err = answer(&ctx);
    ag_db_tenant_swap((struct ag_tenant){.given = false});
    /* An event stream, or a file, has answered by itself. */
    if (ag_reply_started(req)) return;
    ag_limits_tell(&ctx);
    if (err != AG_OK) {
        if (ag_err_info(err)->status == 500) ag_log_diag(AG_LOG_ERROR, "request failed", err);
        add_retry_after(&ctx, err);
        err = ag_reply_problem(req, err, err == AG_E_INVALID ? ctx.scope.errors : NULL);
    } else {
        err = ag_reply(req, ctx.status, ctx.content_type, ag_buf_str(&ctx.reply));
    }
    (void)err; /* the connection ends by itself when its client has left */
}
