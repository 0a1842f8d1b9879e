#include "api/route.h"
#include "core/runs.h"

/* ---- an answer as server-sent events ---- */

enum {
    RELAY_QUEUE_BYTES = 16 * 1024, /* written at the latest, however fast the model is */
    RELAY_TEXT_BYTES = 256,        /* room for an ordinary piece */
};

struct relay {
    struct ag_ctx *ctx;
    int64_t next_id;
    size_t queued_bytes;
    struct ag_buf text; /* pieces that came together leave together */
};

static enum ag_err send_event(struct relay *relay, const char *event, const struct ag_buf *data)
{
    AG_TRY(ag_buf_err(data));
    return ag_sse_event(relay->ctx->req, relay->next_id++, event, ag_buf_str(data));
}

static void put_uuid(struct ag_buf *out, const char *name, struct ag_uuid id)
{
    char text[AG_UUID_TEXT_BYTES];
    ag_buf_printf(out, "\"%s\":\"%s\"", name, ag_uuid_format(id, text).data);
}

static void put_string(struct ag_buf *out, const char *name, struct ag_str value)
{
    ag_buf_printf(out, "\"%s\":", name);
    ag_buf_json_string(out, value);
}

static enum ag_err relay_started(void *arg, const struct ag_run *run)
{
    struct relay *relay = arg;
    struct ag_buf data;
    AG_TRY(ag_buf_reserve(&relay->text, RELAY_TEXT_BYTES));
    AG_TRY(ag_sse_begin(relay->ctx->req));
    ag_buf_init(&data, relay->ctx->scope.arena, 8 * 1024);
    AG_TRY(ag_buf_reserve(&data, RELAY_TEXT_BYTES));
    ag_buf_append_char(&data, '{');
    put_uuid(&data, "run_id", run->id);
    if (ag_doc_has(run, AG_RUN_CONVERSATION_ID)) {
        ag_buf_append_char(&data, ',');
        put_uuid(&data, "conversation_id", run->conversation_id);
    }
    if (ag_doc_has(run, AG_RUN_AGENT_VERSION))
        ag_buf_printf(&data, ",\"agent_version\":%lld", (long long)run->agent_version);
    struct ag_str model = ag_arena_printf(relay->ctx->scope.arena, "%.*s/%.*s",
                                          AG_STR_ARG(run->provider), AG_STR_ARG(run->model));
    ag_buf_append_char(&data, ',');
    put_string(&data, "model", model);
    ag_buf_append_char(&data, '}');
    AG_TRY(send_event(relay, "run.started", &data));
    return ag_sse_flush(relay->ctx->req);
}

static enum ag_err relay_flush(void *arg)
{
    struct relay *relay = arg;
    relay->queued_bytes = 0;
    return ag_sse_flush(relay->ctx->req);
}

static enum ag_err relay_delta(void *arg, struct ag_str text)
{
    struct relay *relay = arg;
    ag_buf_clear(&relay->text);
    ag_buf_append_lit(&relay->text, "{\"text\":");
    ag_buf_json_string(&relay->text, text);
    ag_buf_append_char(&relay->text, '}');
    AG_TRY(send_event(relay, "delta", &relay->text));
    relay->queued_bytes += relay->text.len;
    return relay->queued_bytes < RELAY_QUEUE_BYTES ? AG_OK : relay_flush(relay);
}

static ag_deadline_ms relay_idle_at(void *arg)
{
    struct relay *relay = arg;
    return ag_sse_heartbeat_at(relay->ctx->req);
}

static enum ag_err relay_idle(void *arg)
{
    struct relay *relay = arg;
    return ag_sse_heartbeat(relay->ctx->req);
}

static void put_failure(struct ag_buf *data, enum ag_err err)
{
    const struct ag_err_info *info = ag_err_info(err);
    ag_buf_append_char(data, '{');
    put_string(data, "code", ag_str(info->code));
    ag_buf_append_char(data, ',');
    put_string(data, "message", ag_str(info->status == 500 ? info->title : ag_diag_text(err)));
    ag_buf_printf(data, ",\"retryable\":%s}", info->retryable ? "true" : "false");
}

/* The one terminal event. */
static enum ag_err relay_end(struct relay *relay, enum ag_err err, const struct ag_run *run)
{
    struct ag_buf data;
    ag_buf_init(&data, relay->ctx->scope.arena, 16 * 1024 * 1024);
    if (err == AG_OK) {
        struct ag_generation generation;
        AG_TRY(relay_flush(relay)); /* a large event is taken only where none waits before it */
        AG_TRY(ag_generation_from_run(run, relay->ctx->scope.arena, &generation));
        AG_TRY(ag_fields_encode(&ag_generation_schema, &generation, &data));
        AG_TRY(send_event(relay, "run.completed", &data));
    } else if (err == AG_E_CANCELED || err == AG_E_CLOSED) {
        ag_buf_append_char(&data, '{');
        put_uuid(&data, "run_id", run->id);
        ag_buf_append_char(&data, '}');
        AG_TRY(send_event(relay, "run.cancelled", &data));
    } else {
        put_failure(&data, err);
        AG_TRY(send_event(relay, "run.failed", &data));
    }
    return ag_sse_end(relay->ctx->req);
}

/* ---- handlers ---- */

static bool wants_stream(const struct ag_ctx *ctx, bool asked)
{
    struct ag_str accept = ag_request_header(ctx->req, AG_STR("accept"));
    return asked || ag_str_starts_with(accept, AG_STR("text/event-stream"));
}

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
    ag_request_cancel_on_hangup(ctx->req);
    if (!stream) {
        AG_TRY(ask(ctx, asked, NULL, &run));
        return reply_run(ctx, &run);
    }
    struct relay relay = {.ctx = ctx, .next_id = 1};
    ag_buf_init(&relay.text, ctx->scope.arena, 16 * 1024 * 1024);
    const struct ag_run_sink sink = {
        .arg = &relay,
        .started = relay_started,
        .delta = relay_delta,
        .flush = relay_flush,
        .idle_at = relay_idle_at,
        .idle = relay_idle,
    };
    enum ag_err err = ask(ctx, asked, &sink, &run);
    if (!ag_reply_started(ctx->req)) return err; /* refused before there was a run to tell of */
    enum ag_err ended = relay_end(&relay, err, &run);
    AG_TRY(err);
    AG_TRY(ended);
    /* Not sent, but what an Idempotency-Key keeps. */
    return reply_run(ctx, &run);
}

static enum ag_err ai_generate(struct ag_ctx *ctx)
{
    const struct ag_generate_input *input = ctx->body;
    const struct asked asked = {.generate = input, .relaxed = wants_relaxed(ctx)};
    return answer(ctx, &asked, wants_stream(ctx, input->stream));
}

static enum ag_err ai_preview(struct ag_ctx *ctx)
{
    const struct ag_preview_input *input = ctx->body;
    const struct asked asked = {.preview = input};
    return answer(ctx, &asked, wants_stream(ctx, input->stream));
}

static enum ag_err ai_validate(struct ag_ctx *ctx)
{
    struct ag_validation validation;
    ag_request_cancel_on_hangup(ctx->req);
    AG_TRY(ag_validate(&ctx->scope, ctx->body, &validation));
    return ag_ctx_reply(ctx, &validation);
}

#define UPSTREAM_ERRORS                                                                            \
    {                                                                                              \
        AG_E_MODEL_UNAVAILABLE, AG_E_UPSTREAM_ERROR, AG_E_UPSTREAM_TIMEOUT,                        \
            AG_E_UPSTREAM_RATE_LIMITED, AG_E_CONFLICT, AG_E_AGENT_NOT_PUBLISHED, AG_E_NOT_FOUND    \
    }

#define STREAM_DOC                                                                                 \
    "\n\nWith `stream: true` or `Accept: text/event-stream` the answer comes as server-sent "      \
    "events: `run.started`, then `delta` with `{\"text\"}` for every piece, then exactly one of "  \
    "`run.completed` (this reply's document), `run.failed` (`{code, message, retryable}`) and "    \
    "`run.cancelled`. A comment keeps quiet streams alive."

const struct ag_route ag_ai_routes[AG_AI_ROUTES] = {
    AG_ROUTE("generate", POST, "/v1/ai/generate", AI_RUN, ai_generate, "Ask an agent",
             .doc = "Runs the agent on the input and stores the run before it answers; "
                    "`Prefer: durability=relaxed` answers without waiting for that." STREAM_DOC,
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE,
             .body = &ag_generate_schema, .reply = &ag_generation_schema,
             .errors = UPSTREAM_ERRORS),
    AG_ROUTE("preview", POST, "/v1/ai/preview", AI_RUN, ai_preview, "Try a configuration",
             .doc = "As generate, on a configuration that need not be saved. Only the usage is "
                    "stored." STREAM_DOC,
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT | AG_RF_SSE,
             .body = &ag_preview_schema, .reply = &ag_generation_schema, .errors = UPSTREAM_ERRORS),
    AG_ROUTE("validatePrompt", POST, "/v1/ai/validate", AI_RUN, ai_validate, "Test a prompt",
             .doc = "Asks one to four models at the same time. A model that fails is told in its "
                    "result; the others' answers stand.",
             .tag = "AI", .status = 200, .flags = AG_RF_IDEMPOTENT, .body = &ag_validate_schema,
             .reply = &ag_validation_schema, .errors = {AG_E_NOT_FOUND, AG_E_MODEL_UNAVAILABLE}),
};
