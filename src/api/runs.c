#include "api/relay.h"

struct run_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor;
    struct ag_uuid agent_id;
    struct ag_uuid conversation_id;
    struct ag_str status, kind, model;
    int64_t from, to;
    struct ag_str q;
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
    AG_FIELD(struct run_query, kind, AG_F_ENUM, 0,
             .choices = "generate|preview|validate|draft|test", .doc = "Only runs of this kind"),
    AG_FIELD(struct run_query, model, AG_F_STRING, 0, .min = 1, .max = 260,
             .doc = "Only runs of this model, as `provider/model`, or of this provider"),
    AG_FIELD(struct run_query, from, AG_F_TIME, 0, .doc = "Only runs that began then or later"),
    AG_FIELD(struct run_query, to, AG_F_TIME, 0, .doc = "Only runs that began before then"),
    AG_FIELD(struct run_query, q, AG_F_STRING, 0, .max = 200,
             .doc = "Only runs whose question has this text, in either case, in its first 4,000 "
                    "characters"),
};
static AG_SCHEMA(run_query_schema, NULL, struct run_query, "A page of runs", run_query_fields);

struct events_query {
    uint64_t set;
    struct ag_str last_event_id;
};

static const struct ag_field events_query_fields[] = {
    AG_FIELD(struct events_query, last_event_id, AG_F_STRING, 0, .max = 20,
             .doc = "The `id` of the last event that was read, where the header of this name "
                    "cannot be sent"),
};
static AG_SCHEMA(events_query_schema, NULL, struct events_query, "Where to go on",
                 events_query_fields);

static struct ag_list_key run_key(const void *item)
{
    return (struct ag_list_key){.id = ((const struct ag_run *)item)->id};
}

static enum ag_err run_list(struct ag_ctx *ctx)
{
    const struct run_query *query = ctx->query;
    const struct ag_list_query common = {.limit = query->limit, .cursor = query->cursor};
    struct ag_run_filter filter = {
        .agent_id = query->agent_id,
        .conversation_id = query->conversation_id,
        .status = query->status,
        .kind = query->kind,
        .provider = query->model,
        .search = query->q,
        .from = query->from,
        .to = query->to,
        .has_to = ag_doc_is_set(&run_query_schema, query, "to"),
        .viewer = ag_principal_viewer(&ctx->scope.who),
        .alone = ag_principal_alone(&ctx->scope.who),
    };
    ptrdiff_t slash = ag_str_find_char(query->model, '/');
    if (slash >= 0) {
        filter.provider = ag_str_sub(query->model, 0, (size_t)slash);
        filter.model = ag_str_sub(query->model, (size_t)slash + 1, query->model.len);
    }
    struct ag_page page;
    struct ag_list runs;
    AG_TRY(ag_ctx_page(ctx, &common, &page));
    AG_TRY(ag_runs_list(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id, &filter,
                        &page, &runs, &page.stopped_at));
    return ag_ctx_reply_list(ctx, &page, &runs, run_key);
}

static enum ag_err run_get(struct ag_ctx *ctx)
{
    struct ag_run run;
    AG_TRY(ag_runs_get(ctx->scope.core->db, ctx->scope.arena, ctx->scope.who.org_id,
                       ag_principal_viewer(&ctx->scope.who), ctx->id, &run));
    return ag_ctx_reply(ctx, &run);
}

/* Where the reader stands: a number of bytes, or behind the end. */
static enum ag_err take_offset(struct ag_ctx *ctx, size_t *ret_offset)
{
    const struct events_query *query = ctx->query;
    struct ag_str text = ag_request_header(ctx->req, AG_STR("last-event-id"));
    if (text.len == 0) text = query->last_event_id;
    int64_t offset = 0;
    if (ag_str_eq(text, AG_STR("end")))
        offset = INT64_MAX;
    else if (text.len > 0 && (ag_str_to_int64(text, &offset) != AG_OK || offset < 0)) {
        ag_field_error(ctx->scope.errors, ctx->scope.arena, "last_event_id", "format",
                       "must be the id of one of the run's events");
        return ag_fail(AG_E_INVALID, "the last event's id is not one");
    }
    *ret_offset = (size_t)offset;
    return AG_OK;
}

static enum ag_err run_events(struct ag_ctx *ctx)
{
    struct ag_scope *scope = &ctx->scope;
    size_t offset;
    AG_TRY(take_offset(ctx, &offset));
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_CLEANUP(ag_live_run_unref_p)
    struct ag_live_run *live = ag_run_live(scope, ctx->id);
    if (live) return ag_relay_follow(ctx, live, offset);
    struct ag_run run;
    AG_TRY(ag_runs_get(scope->core->db, scope->arena, scope->who.org_id,
                       ag_principal_viewer(&scope->who), ctx->id, &run));
    return ag_relay_row(ctx, &run, offset);
}

static enum ag_err run_cancel(struct ag_ctx *ctx)
{
    struct ag_run run;
    AG_TRY(ag_run_cancel(&ctx->scope, ctx->id, &run));
    return ag_ctx_reply(ctx, &run);
}

const struct ag_route ag_run_routes[AG_RUN_ROUTES] = {
    AG_ROUTE("listRuns", GET, "/v1/runs", RUNS_READ, run_list, "List runs",
             .doc = "Newest first, without their texts. A page may hold fewer than asked for and "
                    "still have a `next_cursor`: what no index answers is looked for in the next "
                    "2,000 runs at a time.",
             .tag = "Runs", .status = 200, .flags = AG_RF_LIST, .query = &run_query_schema,
             .reply = &ag_run_summary_schema),
    AG_ROUTE("getRun", GET, "/v1/runs/{id}", RUNS_READ, run_get, "Read a run", .resource = "run",
             .agent_keys = AG_AGENT_KEYS_RUN, .tag = "Runs", .status = 200,
             .reply = &ag_run_schema),
    AG_ROUTE("followRun", GET, "/v1/runs/{id}/events", RUNS_READ, run_events, "Follow a run",
             .doc = "The events of its stream: `run.started`, the answer from where "
                    "`Last-Event-ID` says the reader stands, as `delta`, then the one terminal "
                    "event as soon as there is one. A run that has ended is told from its row; of "
                    "one whose texts are not stored, without them. When the session or key that "
                    "follows ends, or loses the permission, the last event is `run.failed` with "
                    "`unauthenticated`, `token_expired` or `forbidden`, and its `id` is where the "
                    "reader stands; the run is not touched by that.",
             .resource = "run", .agent_keys = AG_AGENT_KEYS_RUN, .tag = "Runs", .status = 200,
             .flags = AG_RF_SSE, .query = &events_query_schema),
    AG_ROUTE("cancelRun", POST, "/v1/runs/{id}/cancel", AI_RUN, run_cancel, "Cancel a run",
             .doc = "The part of the answer that came until then is kept; who follows the run gets "
                    "`run.cancelled`. 409 when it has ended already. A run that another credential "
                    "began can be ended by who holds `runs:read`, too.",
             .resource = "run", .agent_keys = AG_AGENT_KEYS_RUN, .tag = "Runs", .status = 200,
             .reply = &ag_run_schema, .errors = {AG_E_CONFLICT}),
};
