#include "api/relay.h"

enum {
    TEXT_BYTES = 256,  /* room for an ordinary piece */
    POLL_MS = 500,     /* how often a run that goes on elsewhere is looked at */
    ORPHAN_LOOKS = 10, /* looks until one of this process that nobody works on is given up */
};

/* ---- one run ---- */

static enum ag_err on_flush(void *arg)
{
    struct ag_relay *relay = arg;
    relay->queued_bytes = 0;
    return ag_sse_flush(relay->ctx->req);
}

static enum ag_err send_event(struct ag_relay *relay, const char *event)
{
    AG_TRY(ag_buf_err(&relay->text));
    /* A large event is taken only where none waits before it. */
    if (relay->queued_bytes + relay->text.len > AG_RELAY_QUEUE_BYTES) AG_TRY(on_flush(relay));
    return ag_sse_event(relay->ctx->req, relay->offset, event, ag_buf_str(&relay->text));
}

static enum ag_err on_started(void *arg, const struct ag_run *run)
{
    struct ag_relay *relay = arg;
    AG_TRY(ag_buf_reserve(&relay->text, TEXT_BYTES));
    AG_TRY(ag_sse_begin(relay->ctx->req));
    if (relay->for_visitor)
        ag_event_visitor_started(&relay->text, run);
    else
        ag_event_started(&relay->text, relay->ctx->scope.arena, -1, run);
    AG_TRY(send_event(relay, "run.started"));
    return ag_sse_flush(relay->ctx->req);
}

static enum ag_err on_delta(void *arg, struct ag_str text)
{
    struct ag_relay *relay = arg;
    /* While the client takes everything at once, nothing below waits and so looks at this. */
    if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "cancelled");
    ag_event_delta(&relay->text, -1, text);
    relay->offset += (int64_t)text.len;
    AG_TRY(send_event(relay, "delta"));
    relay->queued_bytes += relay->text.len;
    return relay->queued_bytes < AG_RELAY_QUEUE_BYTES ? AG_OK : on_flush(relay);
}

static ag_deadline_ms on_idle_at(void *arg)
{
    struct ag_relay *relay = arg;
    return ag_sse_heartbeat_at(relay->ctx->req);
}

static enum ag_err on_idle(void *arg)
{
    struct ag_relay *relay = arg;
    return ag_sse_heartbeat(relay->ctx->req);
}

void ag_relay_init(struct ag_relay *relay, struct ag_ctx *ctx, size_t offset)
{
    *relay = (struct ag_relay){.ctx = ctx, .offset = (int64_t)offset};
    ag_buf_init(&relay->text, ctx->scope.arena, AG_RELAY_EVENT_BYTES);
    relay->sink = (struct ag_run_sink){
        .arg = relay,
        .started = on_started,
        .delta = on_delta,
        .flush = on_flush,
        .idle_at = on_idle_at,
        .idle = on_idle,
    };
}

/* The terminal event, whose id is `id`. */
static enum ag_err end(struct ag_relay *relay, int64_t id, enum ag_err err, struct ag_str message,
                       const struct ag_run *run)
{
    struct ag_request *req = relay->ctx->req;
    AG_TRY(on_flush(relay)); /* a large event is taken only where none waits before it */
    AG_CLEANUP(ag_buf_done) struct ag_buf data;
    ag_buf_init(&data, NULL, AG_RELAY_EVENT_BYTES);
    const char *event = relay->for_visitor
                            ? ag_event_visitor_end(&data, err, message, run)
                            : ag_event_end(&data, relay->ctx->scope.arena, -1, err, message, run);
    AG_TRY(ag_buf_err(&data));
    AG_TRY(ag_sse_event(req, id, event, ag_buf_str(&data)));
    return ag_sse_end(req);
}

enum ag_err ag_relay_end(struct ag_relay *relay, enum ag_err err, const struct ag_run *run)
{
    enum ag_err why = ag_warrant_why(&relay->ctx->warrant, err);
    /* The run may go on: whoever signs in again follows it from where this reader stands. */
    int64_t id = why == err ? AG_SSE_ID_END : relay->offset;
    return end(relay, id, why, ag_str(why == AG_OK ? "" : ag_diag_text(why)), run);
}

/* Following has failed. A reader that has left hears nothing more, one that may not read on hears
 * why. Returns `err`. */
static enum ag_err leave(struct ag_relay *relay, enum ag_err err, const struct ag_run *run)
{
    const struct ag_ctx *ctx = relay->ctx;
    if (ag_warrant_why(&ctx->warrant, err) != err && ag_reply_started(ctx->req)) {
        enum ag_err ignored = ag_relay_end(relay, err, run);
        (void)ignored; /* the connection ends either way */
    }
    return err;
}

/* ---- following ---- */

static enum ag_err follow(struct ag_relay *relay, struct ag_live_watch *watch)
{
    const struct ag_run row = ag_live_run_row(watch->live);
    AG_TRY(on_started(relay, &row));
    for (;;) {
        struct ag_str text;
        enum ag_err err = ag_live_watch_next(watch, on_idle_at(relay), &text);
        if (err == AG_E_TIMEOUT) {
            AG_TRY(on_idle(relay));
            continue;
        }
        AG_TRY(err);
        if (text.len == 0) return AG_OK;
        AG_TRY(on_delta(relay, text));
        if (!ag_live_watch_ready(watch)) AG_TRY(on_flush(relay));
    }
}

enum ag_err ag_relay_follow(struct ag_ctx *ctx, struct ag_live_run *live, size_t offset)
{
    struct ag_relay relay;
    struct ag_live_watch watch;
    ag_live_watch_begin(&watch, live, offset);
    ag_relay_init(&relay, ctx, watch.offset);
    enum ag_err err = follow(&relay, &watch);
    ag_live_watch_end(&watch);
    const struct ag_run run = ag_live_run_row(live);
    if (err != AG_OK) return leave(&relay, err, &run);
    struct ag_str message;
    enum ag_err outcome = ag_live_run_outcome(live, &message);
    return end(&relay, AG_SSE_ID_END, outcome, message, &run);
}

/* ---- a run that only its row tells of ---- */

/* Waits a while, keeping the connection warm. */
static enum ag_err pause_polling(struct ag_relay *relay)
{
    ag_deadline_ms beat = on_idle_at(relay);
    AG_TRY(ag_fiber_sleep(POLL_MS));
    return ag_mono_ms() < beat ? AG_OK : on_idle(relay);
}

/* Whether nobody works on a run that `looks` times had no end. The row of this process may follow
 * the end of its run, when its caller did not want to wait for that. */
static bool is_orphan(const struct ag_core *core, const struct ag_run_state *state, int looks)
{
    if (ag_run_goes_on(core, state)) return false;
    return looks >= ORPHAN_LOOKS || !ag_uuid_eq(state->boot_id, core->boot_id);
}

/* In an arena of its own: there may be many looks. */
static enum ag_err look_at_row(struct ag_scope *scope, struct ag_uuid id,
                               struct ag_run_state *ret_state)
{
    AG_CLEANUP(ag_arena_done) struct ag_arena arena;
    ag_arena_init(&arena);
    return ag_runs_state(scope->core->db, &arena, scope->who.org_id,
                         ag_principal_viewer(&scope->who), id, ret_state);
}

/* Until the run has ended: AG_E_INTERRUPTED when nobody works on it any more. */
static enum ag_err wait_for_row(struct ag_relay *relay, struct ag_uuid id)
{
    struct ag_scope *scope = &relay->ctx->scope;
    for (int looks = 0;; looks++) {
        struct ag_run_state state;
        enum ag_err err = look_at_row(scope, id, &state);
        if (err == AG_E_CANCELED || err == AG_E_NOT_FOUND) return err;
        if (err == AG_OK && !state.running) return AG_OK;
        if (err == AG_OK && is_orphan(scope->core, &state, looks))
            return ag_fail(AG_E_INTERRUPTED, "The server stopped while this was running");
        AG_TRY(pause_polling(relay));
    }
}

/* The rest of a text that is there, in pieces that a slow client holds up. */
static enum ag_err send_rest(struct ag_relay *relay, struct ag_str text)
{
    size_t at = ag_utf8_floor(text, AG_MIN((size_t)relay->offset, text.len));
    relay->offset = (int64_t)at;
    while (at < text.len) {
        size_t next = ag_utf8_floor(text, AG_MIN(at + AG_RELAY_QUEUE_BYTES, text.len));
        AG_TRY(on_delta(relay, ag_str_sub(text, at, next)));
        at = next;
    }
    return AG_OK;
}

static enum ag_err outcome_of(struct ag_arena *arena, const struct ag_run *run)
{
    if (ag_str_eq(run->status, AG_STR("completed"))) return AG_OK;
    if (ag_str_eq(run->status, AG_STR("cancelled"))) return AG_E_CANCELED;
    const char *code = ag_arena_cstr(arena, run->error_code);
    enum ag_err err = code ? ag_err_from_code(code) : AG_E_NO_MEMORY;
    return err == AG_E_COUNT || err == AG_OK ? AG_E_INTERNAL : err;
}

/* Sends what is missing of a run that has ended. */
static enum ag_err send_outcome(struct ag_relay *relay, const struct ag_run *run)
{
    AG_TRY(send_rest(relay, run->output_text));
    return end(relay, AG_SSE_ID_END, outcome_of(relay->ctx->scope.arena, run), run->error_message,
               run);
}

enum ag_err ag_relay_row(struct ag_ctx *ctx, const struct ag_run *run, size_t offset)
{
    struct ag_scope *scope = &ctx->scope;
    struct ag_relay relay;
    bool running = ag_str_eq(run->status, AG_STR("running"));
    /* What another instance has sent is not in the row yet. */
    if (!running) offset = AG_MIN(offset, run->output_text.len);
    ag_relay_init(&relay, ctx, ag_utf8_floor(run->output_text, offset));
    AG_TRY(on_started(&relay, run));
    if (!running) return send_outcome(&relay, run);

    struct ag_run last;
    enum ag_err err = wait_for_row(&relay, run->id);
    if (err == AG_OK)
        err = ag_runs_get(scope->core->db, scope->arena, scope->who.org_id,
                          ag_principal_viewer(&scope->who), run->id, &last);
    if (err == AG_OK) return send_outcome(&relay, &last);
    /* Not the run was cancelled but who follows it. */
    if (err == AG_E_CANCELED || err == AG_E_CLOSED) return leave(&relay, err, run);
    return ag_relay_end(&relay, err, run);
}
