/* Several runs in one stream. */
#include "api/relay.h"

/*
 * The request's fiber alone writes. Lanes queue their events between its writes, so that one that
 * is cancelled never leaves half an event behind, and wait while the client is slow.
 */
struct lanes_relay {
    struct ag_ctx *ctx;
    struct ag_lanes *lanes;
    struct lane_relay {
        struct lanes_relay *relay;
        int lane;
        struct ag_run_sink sink;
        bool told; /* its end */
    } items[AG_MAX_LANES];
    bool writing;
    size_t queued_bytes;
    enum ag_err err; /* why nothing can be written any more */
    struct ag_cond room;
    struct ag_buf event;
};

/* ---- a lane's side ---- */

/* A large event is taken only where none waits before it. */
static bool has_room(const struct lanes_relay *relay, size_t bytes)
{
    if (relay->writing) return false;
    return relay->queued_bytes == 0 || relay->queued_bytes + bytes < AG_RELAY_QUEUE_BYTES;
}

static enum ag_err wait_for_room(struct lanes_relay *relay, size_t bytes)
{
    while (relay->err == AG_OK && !has_room(relay, bytes))
        AG_TRY(ag_cond_wait(&relay->room, AG_NEVER));
    return relay->err == AG_OK ? AG_OK : ag_fail(AG_E_CLOSED, "the client has left");
}

/* Queues what is in `event`; nothing may wait between the room and this. */
static enum ag_err queue(struct lanes_relay *relay, const char *name)
{
    AG_TRY(ag_buf_err(&relay->event));
    AG_TRY(ag_sse_event(relay->ctx->req, AG_SSE_NO_ID, name, ag_buf_str(&relay->event)));
    relay->queued_bytes += relay->event.len;
    ag_cond_signal(&relay->lanes->changed);
    return AG_OK;
}

static enum ag_err on_started(void *arg, const struct ag_run *run)
{
    struct lane_relay *item = arg;
    struct lanes_relay *relay = item->relay;
    AG_TRY(wait_for_room(relay, 0));
    ag_event_started(&relay->event, relay->ctx->scope.arena, item->lane, run);
    return queue(relay, "run.started");
}

static enum ag_err on_delta(void *arg, struct ag_str text)
{
    struct lane_relay *item = arg;
    struct lanes_relay *relay = item->relay;
    AG_TRY(wait_for_room(relay, text.len));
    ag_event_delta(&relay->event, item->lane, text);
    return queue(relay, "delta");
}

/* ---- the request's side ---- */

static enum ag_err write_with(struct lanes_relay *relay, enum ag_err (*fn)(struct ag_request *req))
{
    relay->writing = true;
    enum ag_err err = fn(relay->ctx->req);
    relay->writing = false;
    relay->queued_bytes = 0;
    if (err != AG_OK) relay->err = err;
    ag_cond_broadcast(&relay->room);
    return err;
}

/* Tells how a lane ended; an answer may be large, so nothing is queued before it. */
static enum ag_err tell_end(struct lanes_relay *relay, struct lane_relay *item)
{
    const struct ag_lane *lane = &relay->lanes->items[item->lane];
    AG_CLEANUP(ag_buf_done) struct ag_buf data;
    ag_buf_init(&data, NULL, AG_RELAY_EVENT_BYTES);
    item->told = true;
    const char *name = ag_event_end(&data, relay->ctx->scope.arena, item->lane, lane->err,
                                    ag_str(lane->message), &lane->run);
    AG_TRY(ag_buf_err(&data));
    AG_TRY(ag_sse_event(relay->ctx->req, AG_SSE_NO_ID, name, ag_buf_str(&data)));
    return write_with(relay, ag_sse_flush);
}

static struct lane_relay *next_ended(struct lanes_relay *relay)
{
    for (size_t i = 0; i < relay->lanes->count; i++)
        if (relay->lanes->items[i].ended && !relay->items[i].told) return &relay->items[i];
    return NULL;
}

/* Until nothing is left to tell. */
static enum ag_err relay_all(struct lanes_relay *relay)
{
    for (;;) {
        if (relay->queued_bytes > 0) {
            AG_TRY(write_with(relay, ag_sse_flush));
            continue;
        }
        struct lane_relay *ended = next_ended(relay);
        if (ended) {
            AG_TRY(tell_end(relay, ended));
            continue;
        }
        if (ag_lanes_left(relay->lanes) == 0) return AG_OK;
        enum ag_err err = ag_cond_wait(&relay->lanes->changed,
                                       ag_sse_heartbeat_at(relay->ctx->req));
        if (err == AG_E_TIMEOUT) err = write_with(relay, ag_sse_heartbeat);
        AG_TRY(err);
    }
}

static enum ag_err begin(struct lanes_relay *relay, const struct ag_list *findings)
{
    AG_TRY(write_with(relay, ag_sse_begin));
    if (!findings) return AG_OK;
    const struct ag_validation document = {.findings = *findings};
    ag_buf_clear(&relay->event);
    AG_TRY(ag_fields_encode(&ag_findings_schema, &document, &relay->event));
    return queue(relay, "findings");
}

/* What the lanes made of being cancelled is told as far as the client takes it without waiting. */
static enum ag_err finish(struct lanes_relay *relay, enum ag_err err)
{
    struct ag_request *req = relay->ctx->req;
    if (!ag_reply_started(req)) return err;
    relay->err = AG_OK;
    enum ag_err told = relay_all(relay);
    if (told == AG_OK) told = ag_sse_event(req, AG_SSE_NO_ID, "compare.completed", AG_STR("{}"));
    if (told == AG_OK) told = ag_sse_end(req);
    return err != AG_OK ? err : told;
}

enum ag_err ag_relay_lanes(struct ag_ctx *ctx, struct ag_lanes *lanes,
                           const struct ag_list *findings)
{
    struct lanes_relay relay = {.ctx = ctx, .lanes = lanes, .writing = true};
    ag_buf_init(&relay.event, ctx->scope.arena, AG_RELAY_EVENT_BYTES);
    for (size_t i = 0; i < lanes->count; i++) {
        struct lane_relay *item = &relay.items[i];
        item->relay = &relay;
        item->lane = (int)i;
        item->sink = (struct ag_run_sink){.arg = item, .started = on_started, .delta = on_delta};
        lanes->items[i].plan.sink = &item->sink;
    }
    enum ag_err err = ag_lanes_start(lanes, &ctx->scope);
    if (err == AG_OK) err = begin(&relay, findings);
    if (err == AG_OK) err = relay_all(&relay);
    if (err != AG_OK && relay.err == AG_OK) relay.err = err;
    ag_cond_broadcast(&relay.room);
    ag_lanes_end(lanes);
    return finish(&relay, err);
}
