#include "api/relay.h"

/* RFC 7240: the caller may trade the row's durability for time. */
static bool wants_relaxed(const struct ag_ctx *ctx)
{
    struct ag_str rest = ag_request_header(ctx->req, AG_STR("prefer")), part;
    while (ag_str_split(&rest, ',', &part))
        if (ag_str_eq_nocase(ag_str_trim(part), AG_STR("durability=relaxed"))) return true;
    return false;
}

struct asked {
    const struct ag_generate_input *generate; /* one of the two */
    const struct ag_preview_input *preview;
    bool relaxed;
};

static enum ag_err ask(struct ag_ctx *ctx, const struct asked *asked,
                       const struct ag_run_sink *sink, struct ag_run *ret_run)
{
    if (asked->preview)
        return ag_preview(&ctx->scope, asked->preview, sink, ret_run, &ctx->retry_after_s);
    return ag_generate(&ctx->scope, asked->generate, asked->relaxed, sink, ret_run,
                       &ctx->retry_after_s);
}

static enum ag_err reply_run(struct ag_ctx *ctx, const struct ag_run *run)
{
    struct ag_generation generation;
    AG_TRY(ag_generation_from_run(run, ctx->scope.arena, &generation));
    return ag_ctx_reply(ctx, &generation);
}

static enum ag_err answer(struct ag_ctx *ctx, const struct asked *asked, bool stream)
{
    struct ag_run run;
    AG_TRY(ag_ctx_answers_long(ctx));
    if (!stream) {
        AG_TRY(ask(ctx, asked, NULL, &run));
        return reply_run(ctx, &run);
    }
    struct ag_relay relay;
    ag_relay_init(&relay, ctx, 0);
    enum ag_err err = ask(ctx, asked, &relay.sink, &run);
    if (!ag_reply_started(ctx->req)) return err; /* refused before there was a run to tell of */
    enum ag_err ended = ag_relay_end(&relay, err, &run);
    AG_TRY(err);
    AG_TRY(ended);
    /* Not sent, but what an Idempotency-Key keeps. */
    return reply_run(ctx, &run);
}

/* ---- a run that goes on when its browser leaves ---- */

enum { ROOM_RETRY_S = 5 }; /* when a user with too many runs may ask again */

/* The reply that an Idempotency-Key keeps is the run's, whether or not its client is still there.
 */
static enum ag_err keep_outcome(struct ag_ctx *ctx, struct ag_live_run *live)
{
    ag_fiber_shield();
    enum ag_err err = ag_live_run_wait(live, AG_NEVER);
    ag_fiber_unshield();
    AG_TRY(err);
    struct ag_str message;
    AG_TRY(ag_live_run_outcome(live, &message));
    const struct ag_run run = ag_live_run_row(live);
    return reply_run(ctx, &run);
}

static enum ag_err answer_detached(struct ag_ctx *ctx, const struct ag_generate_input *input)
{
    bool keyed = !ag_uuid_is_nil(ctx->scope.reserved_id);
    AG_CLEANUP(ag_live_run_unref_p) struct ag_live_run *live = NULL;
    AG_TRY(keyed ? ag_ctx_warrant(ctx) : ag_ctx_answers_long(ctx));
    /* Once begun, a run whose reply is kept is waited for. */
    if (keyed) ag_fiber_shield();
    enum ag_err err = ag_generate_detached(&ctx->scope, input, &live);
    if (keyed) ag_fiber_unshield();
    if (err == AG_E_RATE_LIMITED) ctx->retry_after_s = ROOM_RETRY_S;
    AG_TRY(err);
    err = ag_relay_follow(ctx, live, 0);
    return keyed ? keep_outcome(ctx, live) : err;
}

static enum ag_err ai_generate(struct ag_ctx *ctx)
{
    const struct ag_generate_input *input = ctx->body;
    const struct asked asked = {.generate = input, .relaxed = wants_relaxed(ctx)};
    bool stream = ag_ctx_wants_stream(ctx, input->stream);
    if (stream && ctx->scope.who.credential == AG_CRED_COOKIE) return answer_detached(ctx, input);
    return answer(ctx, &asked, stream);
}

static enum ag_err ai_preview(struct ag_ctx *ctx)
{
    const struct ag_preview_input *input = ctx->body;
    const struct asked asked = {.preview = input};
    return answer(ctx, &asked, ag_ctx_wants_stream(ctx, input->stream));
}

/* ---- several models ---- */

static enum ag_err ai_compare(struct ag_ctx *ctx)
{
    struct ag_lanes *lanes = AG_ARENA_NEW(ctx->scope.arena, struct ag_lanes);
    if (!lanes) return ag_fail(AG_E_NO_MEMORY, "no memory for a comparison");
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_compare_lanes(&ctx->scope, ctx->body, lanes));
    return ag_relay_lanes(ctx, lanes, NULL);
}

/* Waits for every lane without a word. */
static enum ag_err run_lanes(struct ag_ctx *ctx, struct ag_lanes *lanes)
{
    enum ag_err err = ag_lanes_start(lanes, &ctx->scope);
    while (err == AG_OK && ag_lanes_left(lanes) > 0)
        err = ag_cond_wait(&lanes->changed, AG_NEVER);
    ag_lanes_end(lanes);
    return err;
}

static enum ag_err ai_validate(struct ag_ctx *ctx)
{
    const struct ag_validate_input *input = ctx->body;
    struct ag_lanes *lanes = AG_ARENA_NEW(ctx->scope.arena, struct ag_lanes);
    struct ag_validation validation;
    struct ag_list findings;
    if (!lanes) return ag_fail(AG_E_NO_MEMORY, "no memory for a validation");
    AG_TRY(ag_ctx_answers_long(ctx));
    AG_TRY(ag_validate_lanes(&ctx->scope, input, lanes, &findings));
    if (ag_ctx_wants_stream(ctx, input->stream))
        AG_TRY(ag_relay_lanes(ctx, lanes, &findings));
    else
        AG_TRY(run_lanes(ctx, lanes));
    AG_TRY(ag_validation_from_lanes(&ctx->scope, lanes, &findings, &validation));
    return ag_ctx_reply(ctx, &validation);
}

#define UPSTREAM_ERRORS                                                                            \
    AG_E_MODEL_UNAVAILABLE, AG_E_UPSTREAM_ERROR, AG_E_UPSTREAM_TIMEOUT,                            \
        AG_E_UPSTREAM_RATE_LIMITED, AG_E_CONFLICT, AG_E_AGENT_NOT_PUBLISHED, AG_E_NOT_FOUND

#define STREAM_DOC                                                                                 \
    "\n\nWith `stream: true` or `Accept: text/event-stream` the answer comes as server-sent "      \
    "events: `run.started`, then `delta` with `{\"text\"}` for every piece, then exactly one of "  \
    "`run.completed` (this reply's document), `run.failed` (`{code, message, retryable}`) and "    \
    "`run.cancelled`. An event's `id` is the number of bytes of the answer it brings the reader "  \
    "to, `end` for the last. A comment keeps quiet streams alive. When the session or key that "   \
    "asked ends, or loses the permission, the last event is `run.failed` with `unauthenticated`, " \
    "`token_expired` or `forbidden`; its `id` is where the reader stands."

#define LANES_DOC                                                                                  \
    "each event has the `lane` it belongs to, a model's place among those asked: `run.started` "   \
    "(`{lane, run_id, model}`), `delta` (`{lane, text}`), then exactly one of `run.completed` "    \
    "(`lane` and the document of generate), `run.failed` (`{lane, code, message, retryable}`) "    \
    "and `run.cancelled`; last of all `compare.completed`. A model that fails leaves the others "  \
    "alone. A client that leaves, or whose session or key ends, cancels what goes on."

const struct ag_route ag_ai_routes[AG_AI_ROUTES] = {
    AG_ROUTE("generate", POST, "/v1/ai/generate", AI_RUN, ai_generate, "Ask an agent",
             .doc = "Runs the agent on the input and stores the run before it answers; "
                    "`Prefer: durability=relaxed` answers without waiting for that." STREAM_DOC
                    "\n\nWhen the client of a stream leaves, or may read no more, its run is "
                    "cancelled. One that a browser's session began goes on: `GET "
                    "/v1/runs/{id}/events` follows it again, "
                    "`POST /v1/runs/{id}/cancel` ends it. Where 32 of one user go on, another is "
                    "429.",
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE | AG_RF_SPENDS,
             .agent_keys = AG_AGENT_KEYS_BODY, .body = &ag_generate_schema,
             .reply = &ag_generation_schema, .errors = {UPSTREAM_ERRORS, AG_E_RATE_LIMITED}),
    AG_ROUTE("preview", POST, "/v1/ai/preview", AI_RUN, ai_preview, "Try a configuration",
             .doc = "As generate, on a configuration that need not be saved. Only the usage is "
                    "stored." STREAM_DOC,
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE | AG_RF_SPENDS,
             .body = &ag_preview_schema, .reply = &ag_generation_schema,
             .errors = {UPSTREAM_ERRORS}),
    AG_ROUTE("compare", POST, "/v1/ai/compare", AI_RUN, ai_compare, "Compare models",
             .doc = "Asks two to four models the same at the same time. Only the usage is stored."
                    "\n\nThe answers come as one stream of server-sent events; " LANES_DOC,
             .tag = "AI", .status = 200, .flags = AG_RF_SSE | AG_RF_SPENDS,
             .body = &ag_compare_schema, .errors = {AG_E_CONFLICT}),
    AG_ROUTE("validatePrompt", POST, "/v1/ai/validate", AI_RUN, ai_validate, "Test a prompt",
             .doc = "Asks one to four models at the same time. A model that fails is told in its "
                    "result; the others' answers stand."
                    "\n\nWith `stream: true` or `Accept: text/event-stream` the answers come as "
                    "server-sent events: first `findings` (`{findings}`), then " LANES_DOC,
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE | AG_RF_SPENDS,
             .body = &ag_validate_schema, .reply = &ag_validation_schema,
             .errors = {AG_E_NOT_FOUND, AG_E_MODEL_UNAVAILABLE}),
};
