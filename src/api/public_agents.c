#include "core/public_agents.h"

#include "api/relay.h"

/* Anybody may send it, so it is small. */
enum { QUESTION_MAX_BYTES = 64 * 1024 };

static enum ag_err public_agent_get(struct ag_ctx *ctx)
{
    struct ag_public_agent agent;
    AG_TRY(ag_public_agent(&ctx->scope, ctx->name, &agent));
    return ag_ctx_reply(ctx, &agent);
}

static enum ag_err answer_stream(struct ag_ctx *ctx, struct ag_uuid agent_id)
{
    struct ag_run run;
    struct ag_relay relay;
    ag_relay_init(&relay, ctx, 0);
    relay.for_visitor = true;
    enum ag_err err = ag_public_err(
        ag_public_ask(&ctx->scope, agent_id, ctx->body, &relay.sink, &run, &ctx->retry_after_s));
    if (!ag_reply_started(ctx->req)) return err; /* refused before there was a run to tell of */
    enum ag_err ended = ag_relay_end(&relay, err, &run);
    return err == AG_OK ? ended : err;
}

static enum ag_err public_agent_ask(struct ag_ctx *ctx)
{
    const struct ag_public_question *question = ctx->body;
    struct ag_uuid agent_id;
    struct ag_run run;
    AG_TRY(ag_public_enter(&ctx->scope, ctx->name, &agent_id));
    AG_TRY(ag_limits_of_visitor(ctx));
    ag_request_cancel_on_hangup(ctx->req);
    if (ag_ctx_wants_stream(ctx, question->stream)) return answer_stream(ctx, agent_id);
    AG_TRY(ag_public_err(
        ag_public_ask(&ctx->scope, agent_id, question, NULL, &run, &ctx->retry_after_s)));
    const struct ag_public_answer answer = {.response = run.output_text,
                                            .conversation_id = run.conversation_id};
    return ag_ctx_reply(ctx, &answer);
}

const struct ag_route ag_public_routes[AG_PUBLIC_ROUTES] = {
    AG_ROUTE("getPublicAgent", GET, "/v1/public/agents/{slug}", PUBLIC, public_agent_get,
             "Read a public agent",
             .doc = "What everybody who has its link may know. `slug` is the agent's `public_id`. "
                    "An agent that is not public, or not any more, is not there.",
             .tag = "Public agents", .status = 200, .reply = &ag_public_agent_schema),
    AG_ROUTE(
        "askPublicAgent", POST, "/v1/public/agents/{slug}/generate", PUBLIC, public_agent_ask,
        "Ask a public agent",
        .doc = "Goes on with conversations that began here alone. Visitors of an organisation "
               "count together as one of its members."
               "\n\nWith `stream: true` or `Accept: text/event-stream` the answer comes as "
               "server-sent events: `run.started` (`{conversation_id}`), then `delta` (`{text}`) "
               "for every piece, then exactly one of `run.completed` (this reply's document), "
               "`run.failed` (`{code, message, retryable}`) and `run.cancelled` (`{}`).",
        .tag = "Public agents", .status = 200, .flags = AG_RF_SSE | AG_RF_SPENDS,
        .body = &ag_public_question_schema, .max_body = QUESTION_MAX_BYTES,
        .reply = &ag_public_answer_schema, .errors = {AG_E_RATE_LIMITED, AG_E_AGENT_UNAVAILABLE}),
};
