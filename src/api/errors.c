#include "api/route.h"
#include "core/reports.h"

enum { REPORT_MAX_BYTES = 64 * 1024 };

struct error_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    struct ag_str source;
};

static const struct ag_field error_query_fields[] = {
    AG_FIELD(struct error_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct error_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct error_query, source, AG_F_ENUM, 0, .choices = "run|client",
             .doc = "Only failed runs, or only reports from browsers"),
};
static AG_SCHEMA(error_query_schema, NULL, struct error_query, "A page of what went wrong",
                 error_query_fields);

static struct ag_list_key error_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_error_entry *)item)->id};
}

static enum ag_err error_list(struct ag_ctx *ctx)
{
    const struct error_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    struct ag_page page;
    struct ag_list entries;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    const struct ag_error_filter filter = {.source = query->source,
                                           .viewer = ag_principal_viewer(&ctx->scope.who),
                                           .alone = ag_principal_alone(&ctx->scope.who)};
    AG_TRY(ag_errors_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &filter,
                          &page, &entries, &page.stopped_at));
    return ag_ctx_reply_list(ctx, &page, &entries, error_key);
}

static enum ag_err error_report(struct ag_ctx *ctx)
{
    ag_ctx_note_client(ctx);
    AG_TRY(ag_report(&ctx->scope, ctx->body));
    return ag_ctx_reply_empty(ctx);
}

static const struct ag_route_limit report_limit = {
    .per_user = {.count = 10, .per_ms = 60 * 1000},
    .per_ip = {.count = 60, .per_ms = 60 * 1000},
};

const struct ag_route ag_error_routes[AG_ERROR_ROUTES] = {
    AG_ROUTE("listErrors", GET, "/v1/errors", RUNS_READ, error_list, "List what went wrong",
             .doc = "Failed runs and reports from browsers, newest first.", .tag = "Monitoring",
             .status = 200, .flags = AG_RF_LIST, .query = &error_query_schema,
             .reply = &ag_error_entry_schema),
    AG_ROUTE("reportError", POST, "/v1/errors", ERRORS_REPORT, error_report,
             "Report what went wrong in a browser",
             .doc = "Queries of addresses, e-mail addresses, credentials and what looks like one "
                    "are taken out before it is stored. A report that repeats within a day is "
                    "counted. Kept for 30 days, and no more than the newest 1,000.",
             .tag = "Monitoring", .status = 204, .body = &ag_report_input_schema,
             .max_body = REPORT_MAX_BYTES, .limit = &report_limit),
};
