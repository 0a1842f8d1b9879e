#include "core/dashboard.h"

#include "api/route.h"

struct dashboard_query {
    uint64_t set;
    struct ag_str range;
};

static const struct ag_field dashboard_query_fields[] = {
    AG_FIELD(struct dashboard_query, range, AG_F_ENUM, 0, .choices = "24h|7d|30d|90d",
             .def = "\"7d\"", .doc = "How far back: by the hour for a day, by the day for more"),
};
static AG_SCHEMA(dashboard_query_schema, NULL, struct dashboard_query, "A range of time",
                 dashboard_query_fields);

static enum ag_err dashboard_get(struct ag_ctx *ctx)
{
    const struct dashboard_query *query = ctx->query;
    struct ag_dashboard dashboard;
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_dashboard_read(&ctx->scope, query->range, &dashboard));
    return ag_ctx_reply(ctx, &dashboard);
}

const struct ag_route ag_dashboard_routes[AG_DASHBOARD_ROUTES] = {
    AG_ROUTE("getDashboard", GET, "/v1/dashboard", RUNS_READ, dashboard_get,
             "Read what the runs of a range of time did", .tag = "Monitoring", .status = 200,
             .query = &dashboard_query_schema, .reply = &ag_dashboard_schema),
};
