#include "api/route.h"

struct run_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    struct ag_uuid agent_id;
    struct ag_uuid conversation_id;
    struct ag_str status;
};

static const struct ag_field run_query_fields[] = {
    AG_FIELD(struct run_query, limit, AG_F_INT, 0, .min = 1, .max = 100, .def = "20",
             .doc = "Items per page"),
    AG_FIELD(struct run_query, cursor, AG_F_STRING, 0, .min = 1, .max = 700,
             .doc = "`next_cursor` of the page before"),
    AG_FIELD(struct run_query, agent_id, AG_F_UUID, 0, .doc = "Only runs of this agent"),
    AG_FIELD(struct run_query, conversation_id, AG_F_UUID, 0,
             .doc = "Only runs of this conversation"),
    AG_FIELD(struct run_query, status, AG_F_ENUM, 0,
             .choices = "running|completed|failed|cancelled", .doc = "Only runs in this state"),
};
static AG_SCHEMA(run_query_schema, NULL, struct run_query, "A page of runs", run_query_fields);

static struct ag_list_key run_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_run *)item)->id};
}

static enum ag_err run_list(struct ag_ctx *ctx)
{
    const struct run_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    const struct ag_run_filter filter = {
        .agent_id = query->agent_id,
        .status = query->status,
        .conversation_id = query->conversation_id,
    };
    struct ag_page page;
    struct ag_list runs;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_runs_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &filter,
                        &page, &runs));
    return ag_ctx_reply_list(ctx, &page, &runs, run_key);
}

static enum ag_err run_get(struct ag_ctx *ctx)
{
    struct ag_run run;
    AG_TRY(
        ag_runs_get(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, ctx->id, &run));
    return ag_ctx_reply(ctx, &run);
}

const struct ag_route ag_run_routes[AG_RUN_ROUTES] = {
    AG_ROUTE("listRuns", GET, "/v1/runs", RUNS_READ, run_list, "List runs",
             .doc = "Newest first, without their texts.", .tag = "Runs", .status = 200,
             .flags = AG_RF_LIST, .query = &run_query_schema, .reply = &ag_run_summary_schema),
    AG_ROUTE("getRun", GET, "/v1/runs/{id}", RUNS_READ, run_get, "Read a run", .tag = "Runs",
             .status = 200, .reply = &ag_run_schema),
};
