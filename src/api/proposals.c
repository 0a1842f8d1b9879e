#include "core/proposals.h"

#include "api/relay.h"

/* ---- a proposal as server-sent events ---- */

enum {
    QUEUE_BYTES = 16 * 1024, /* written at the latest, however fast the model is */
    EVENT_BYTES = 256,       /* room for an ordinary piece */
    EVENT_MAX_BYTES = 2 * 1024 * 1024,
};

struct stream {
    struct ag_ctx *ctx;
    int64_t next_id;
    size_t queued_bytes;
    struct ag_buf data;
};

static enum ag_err stream_flush(void *arg)
{
    struct stream *stream = arg;
    stream->queued_bytes = 0;
    return ag_sse_flush(stream->ctx->req);
}

/* Sends `stream->data`. */
static enum ag_err send_event(struct stream *stream, const char *event)
{
    AG_TRY(ag_buf_err(&stream->data));
    /* A large event is taken only where none waits before it. */
    if (stream->queued_bytes + stream->data.len > QUEUE_BYTES) AG_TRY(stream_flush(stream));
    AG_TRY(ag_sse_event(stream->ctx->req, stream->next_id++, event, ag_buf_str(&stream->data)));
    stream->queued_bytes += stream->data.len;
    return AG_OK;
}

static struct ag_buf *begin_event(struct stream *stream)
{
    ag_buf_clear(&stream->data);
    ag_buf_append_char(&stream->data, '{');
    return &stream->data;
}

static enum ag_err stream_started(void *arg, const struct ag_run *run)
{
    struct stream *stream = arg;
    AG_TRY(ag_buf_reserve(&stream->data, EVENT_BYTES));
    AG_TRY(ag_sse_begin(stream->ctx->req));
    ag_event_started(&stream->data, stream->ctx->scope.arena, -1, run);
    AG_TRY(send_event(stream, "run.started"));
    return stream_flush(stream);
}

static enum ag_err stream_delta(void *arg, const char *path, struct ag_str text)
{
    struct stream *stream = arg;
    struct ag_buf *data = begin_event(stream);
    ag_buf_printf(data, "\"path\":\"%s\",\"text\":", path);
    ag_buf_json_string(data, text);
    ag_buf_append_char(data, '}');
    return send_event(stream, "field.delta");
}

static enum ag_err stream_field(void *arg, const char *path, struct ag_str json)
{
    struct stream *stream = arg;
    struct ag_buf *data = begin_event(stream);
    ag_buf_printf(data, "\"path\":\"%s\",\"value\":", path);
    ag_buf_append_str(data, json);
    ag_buf_append_char(data, '}');
    return send_event(stream, "field");
}

static ag_deadline_ms stream_idle_at(void *arg)
{
    return ag_sse_heartbeat_at(((struct stream *)arg)->ctx->req);
}

static enum ag_err stream_idle(void *arg)
{
    return ag_sse_heartbeat(((struct stream *)arg)->ctx->req);
}

/* The one terminal event. */
static enum ag_err stream_end(struct stream *stream, enum ag_err err, const struct ag_run *run,
                              const struct ag_proposal *proposal)
{
    const char *event = "run.completed";
    err = ag_warrant_why(&stream->ctx->warrant, err);
    if (err == AG_OK) {
        ag_buf_clear(&stream->data);
        AG_TRY(ag_fields_encode(&ag_proposal_schema, proposal, &stream->data));
    } else {
        event = ag_event_end(&stream->data, stream->ctx->scope.arena, -1, err,
                             ag_str(ag_diag_text(err)), run);
    }
    AG_TRY(send_event(stream, event));
    return ag_sse_end(stream->ctx->req);
}

/* ---- handlers ---- */

static enum ag_err propose_stream(struct ag_ctx *ctx)
{
    struct ag_run run;
    struct ag_proposal proposal;
    struct stream stream = {.ctx = ctx, .next_id = 1};
    ag_buf_init(&stream.data, ctx->scope.arena, EVENT_MAX_BYTES);
    const struct ag_proposal_sink sink = {
        .arg = &stream,
        .started = stream_started,
        .delta = stream_delta,
        .field = stream_field,
        .flush = stream_flush,
        .idle_at = stream_idle_at,
        .idle = stream_idle,
    };
    enum ag_err err = ag_propose(&ctx->scope, ctx->body, &sink, &run, &proposal,
                                 &ctx->retry_after_s);
    if (!ag_reply_started(ctx->req)) return err; /* refused before there was a run to tell of */
    enum ag_err ended = stream_end(&stream, err, &run, &proposal);
    AG_TRY(err);
    AG_TRY(ended);
    /* Not sent, but what an Idempotency-Key keeps. */
    return ag_ctx_reply(ctx, &proposal);
}

static enum ag_err propose(struct ag_ctx *ctx)
{
    const struct ag_proposal_input *input = ctx->body;
    struct ag_str accept = ag_request_header(ctx->req, AG_STR("accept"));
    AG_TRY(ag_ctx_answers_long(ctx));
    if (input->stream || ag_str_starts_with(accept, AG_STR("text/event-stream")))
        return propose_stream(ctx);
    struct ag_run run;
    struct ag_proposal proposal;
    AG_TRY(ag_propose(&ctx->scope, input, NULL, &run, &proposal, &ctx->retry_after_s));
    return ag_ctx_reply(ctx, &proposal);
}

const struct ag_route ag_proposal_routes[AG_PROPOSAL_ROUTES] = {
    AG_ROUTE(
        "proposeAgent", POST, "/v1/agents/draft", AGENTS_WRITE, propose, "Propose an agent",
        .doc = "A model writes a configuration from a description; nothing is stored but the run, "
               "of kind `draft`. With `field` it writes that one alone. The built-in sandbox "
               "answers from the nearest template and says so."
               "\n\nWith `stream: true` or `Accept: text/event-stream` the fields come as "
               "server-sent events: `run.started` (`{run_id, model}`), `field.delta` (`{path, "
               "text}`) while a text grows, `field` (`{path, value}`) when one is complete, then "
               "exactly one of `run.completed` (this reply's document), `run.failed` (`{code, "
               "message, retryable}`) and `run.cancelled`. Paths are `name`, `description` and "
               "`config.<field>`.",
        .tag = "Agents", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE | AG_RF_SPENDS,
        .body = &ag_proposal_input_schema, .reply = &ag_proposal_schema,
        .errors = {AG_E_MODEL_UNAVAILABLE, AG_E_UPSTREAM_ERROR, AG_E_UPSTREAM_TIMEOUT,
                   AG_E_UPSTREAM_RATE_LIMITED}),
};
