/* Runs as server-sent events: one answer while it comes, one that is followed, several at once. */
#pragma once

#include "api/route.h"
#include "core/runs.h"

enum {
    AG_RELAY_QUEUE_BYTES = 16 * 1024, /* written at the latest, however fast the model is */
    AG_RELAY_EVENT_BYTES = 16 * 1024 * 1024,
};

/* ---- documents: each replaces what `out` holds; `lane` < 0 for none ---- */

void ag_event_started(struct ag_buf *out, struct ag_arena *arena, int lane,
                      const struct ag_run *run);
void ag_event_delta(struct ag_buf *out, int lane, struct ag_str text);
/* The terminal event of a run that ended with `err`, `message` saying why. Returns its name. */
const char *ag_event_end(struct ag_buf *out, struct ag_arena *arena, int lane, enum ag_err err,
                         struct ag_str message, const struct ag_run *run);

/* The same for a visitor of a public agent. */
void ag_event_visitor_started(struct ag_buf *out, const struct ag_run *run);
const char *ag_event_visitor_end(struct ag_buf *out, enum ag_err err, struct ag_str message,
                                 const struct ag_run *run);

/* ---- one run, on the request's own fiber ---- */

struct ag_relay {
    struct ag_ctx *ctx;
    bool for_visitor; /* who learns the answer and its conversation, and nothing of the run */
    int64_t offset;   /* bytes of the answer's text that were sent: the events' id */
    size_t queued_bytes;
    struct ag_buf text; /* pieces that came together leave together */
    struct ag_run_sink sink;
};
/* A relay whose `sink` sends what a run says, beginning behind byte `offset` of its answer. */
void ag_relay_init(struct ag_relay *relay, struct ag_ctx *ctx, size_t offset);
/* The one terminal event, and the end of the stream. */
enum ag_err ag_relay_end(struct ag_relay *relay, enum ag_err err,
                         const struct ag_run *run) AG_MUST_USE AG_SUSPENDS;

/* ---- a run that goes on without this request ---- */

/* Sends what there is behind byte `offset` of the answer, and follows it to its end. Fails when the
 * client has left; the run is not touched by that. */
enum ag_err ag_relay_follow(struct ag_ctx *ctx, struct ag_live_run *live,
                            size_t offset) AG_MUST_USE AG_SUSPENDS;
/* The same for a run that only its row tells of; one of another instance is waited for. */
enum ag_err ag_relay_row(struct ag_ctx *ctx, const struct ag_run *run,
                         size_t offset) AG_MUST_USE AG_SUSPENDS;

/* ---- several runs ---- */

/* Starts the lanes and relays them until all have ended, each event with its lane. `findings`,
 * where not NULL, come first. Fails when the client has left, and has cancelled the lanes then;
 * they have ended in any case. */
enum ag_err ag_relay_lanes(struct ag_ctx *ctx, struct ag_lanes *lanes,
                           const struct ag_list *findings) AG_MUST_USE AG_SUSPENDS;
