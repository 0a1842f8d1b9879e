#include "api/metrics.h"
#include "api/route.h"

struct status_doc {
    uint64_t set;
    struct ag_str status;
};
static const struct ag_field status_fields[] = {
    AG_FIELD(struct status_doc, status, AG_F_STRING, AG_FF_REQUIRED, .doc = "OK, or ready"),
};
static AG_SCHEMA(status_schema, "Status", struct status_doc, "How the server is", status_fields);

static enum ag_err health(struct ag_ctx *ctx)
{
    static const struct status_doc ok = {.status = {"OK", 2}};
    return ag_ctx_reply(ctx, &ok);
}

static enum ag_err ready(struct ag_ctx *ctx)
{
    static const struct status_doc is_ready = {.status = {"ready", 5}};
    if (ag_request_draining(ctx->req)) return ag_fail(AG_E_DRAINING, "the server is shutting down");
    AG_TRY(ag_db_ping(ctx->scope.core->db, 1000));
    return ag_ctx_reply(ctx, &is_ready);
}

/* Who scrapes: this machine, unless a proxy on it speaks for somebody else, or who has the token.
 */
static enum ag_err check_scraper(struct ag_ctx *ctx)
{
    struct ag_str token = ctx->api->options.metrics_token;
    struct ag_str given = ag_request_header(ctx->req, AG_STR("authorization"));
    if (token.len > 0) {
        if (ag_str_starts_with(given, AG_STR("Bearer ")) &&
            ag_str_eq_secret(ag_str_sub(given, 7, given.len), token))
            return AG_OK;
        ag_reply_header(ctx->req, "WWW-Authenticate", AG_STR("Bearer realm=\"metrics\""));
        return ag_fail(AG_E_UNAUTHENTICATED, "send the metrics token");
    }
    bool proxied = ag_request_header(ctx->req, AG_STR("x-forwarded-for")).data ||
                   ag_request_header(ctx->req, AG_STR("forwarded")).data;
    if (ag_request_from_loopback(ctx->req) && !proxied) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN,
                   "metrics answer this machine alone unless AGENTGEN_METRICS_TOKEN is set");
}

static enum ag_err metrics(struct ag_ctx *ctx)
{
    AG_TRY(check_scraper(ctx));
    AG_TRY(ag_ctx_reply_empty(ctx));
    ctx->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return ag_metrics_write(ctx->api, &ctx->reply);
}

static enum ag_err openapi(struct ag_ctx *ctx)
{
    ag_reply_header(ctx->req, "Cache-Control", AG_STR("no-cache"));
    ag_reply_header(ctx->req, "Access-Control-Allow-Origin", AG_STR("*"));
    ag_reply_header(ctx->req, "ETag", ctx->api->openapi_etag);
    AG_TRY(ag_ctx_reply_empty(ctx));
    if (ag_ctx_not_modified(ctx, ctx->api->openapi_etag)) return AG_OK;
    ctx->content_type = "application/json";
    return ag_buf_append_str(&ctx->reply, ag_buf_str(&ctx->api->openapi));
}

const struct ag_route ag_system_routes[AG_SYSTEM_ROUTES] = {
    AG_ROUTE("health", GET, "/health", PUBLIC, health, "Whether the process answers",
             .tag = "System", .status = 200, .reply = &status_schema),
    AG_ROUTE("ready", GET, "/ready", PUBLIC, ready, "Whether it can serve requests",
             .doc = "503 while it shuts down or its database is away.", .tag = "System",
             .status = 200, .reply = &status_schema, .errors = {AG_E_STORAGE, AG_E_DRAINING}),
    AG_ROUTE("metrics", GET, "/metrics", PUBLIC, metrics, "Metrics in Prometheus text format",
             .doc = "Answers this machine alone, or who has `AGENTGEN_METRICS_TOKEN`.",
             .tag = "System", .status = 200, .flags = AG_RF_TEXT,
             .errors = {AG_E_FORBIDDEN, AG_E_UNAUTHENTICATED}),
    AG_ROUTE("openapi", GET, "/openapi.json", PUBLIC, openapi, "This document", .tag = "System",
             .status = 200, .flags = AG_RF_TEXT | AG_RF_ETAG),
};
