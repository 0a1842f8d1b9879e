#include "api/route.h"

struct activity_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    struct ag_str action;
};

static const struct ag_field activity_query_fields[] = {
    AG_FIELD(struct activity_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct activity_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct activity_query, action, AG_F_STRING, 0, .min = 1, .max = 100,
             .doc = "Only entries of this action", .example = "\"agent.created\""),
};
static AG_SCHEMA(activity_query_schema, NULL, struct activity_query, "A page of the activity log",
                 activity_query_fields);

static struct ag_list_key activity_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_activity *)item)->id};
}

static enum ag_err activity_list(struct ag_ctx *ctx)
{
    const struct activity_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    struct ag_page page;
    struct ag_list entries;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_activity_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id,
                            query->action, &page, &entries));
    return ag_ctx_reply_list(ctx, &page, &entries, activity_key);
}

const struct ag_route ag_activity_routes[AG_ACTIVITY_ROUTES] = {
    AG_ROUTE("listActivity", GET, "/v1/activity", ACTIVITY_READ, activity_list,
             "List what was done in the organisation", .doc = "Newest first.", .tag = "Monitoring",
             .status = 200, .flags = AG_RF_LIST, .query = &activity_query_schema,
             .reply = &ag_activity_schema),
};
