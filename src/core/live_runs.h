/*
 * Live runs: what is being answered right now, for whoever wants to follow it or to end it.
 *
 * A run that tells its id stands in the registry from before anybody can know it until its last row
 * is durable: who does not find it here finds its outcome in the database. Its text grows here, so
 * that a watcher on any loop reads it from any offset; a slow one holds a few KiB of its own and
 * nothing else. Only the run's own fiber appends. Nothing here waits with a lock held, and watchers
 * of other loops are woken through ag_loop_post().
 */
#pragma once

#include "base/buf.h"
#include "runtime/fiber.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    AG_LIVE_BUCKETS = 1024,
    AG_LIVE_PIECE_BYTES = 4 * 1024, /* a watcher gets the text in pieces of at most this */
};

struct ag_live_run;

/* The registry of the process. Bounded by who puts runs into it: one per connection, a few per
 * comparison, and the cap of detached ones. */
struct ag_live_runs {
    pthread_mutex_t lock; /* guards the chains */
    struct ag_live_run *buckets[AG_LIVE_BUCKETS];
};
void ag_live_runs_init(struct ag_live_runs *runs);
/* No run may be left. */
void ag_live_runs_done(struct ag_live_runs *runs);

/* ---- the run's side: on its fiber, from where it may be cancelled ---- */

/* Enters a run; the running fiber is what ag_live_run_cancel() cancels. `run` is what its row says
 * at the beginning and is copied. The caller holds a reference. AG_E_NO_MEMORY. */
enum ag_err ag_live_run_enter(struct ag_live_runs *runs, struct ag_uuid org,
                              const struct ag_run *run, struct ag_live_run **ret_live) AG_MUST_USE;
/* AG_E_UPSTREAM_TOO_LARGE beyond AG_RUN_MAX_OUTPUT_BYTES, AG_E_NO_MEMORY. */
enum ag_err ag_live_run_append(struct ag_live_run *live, struct ag_str text) AG_MUST_USE;
/* What came until now; valid until the next append, and for a run that has ended while a reference
 * is held. */
struct ag_str ag_live_run_text(struct ag_live_run *live);
/* The run has ended with `err`, and its row is stored or never will be: copies what `run` says of
 * the outcome, tells every watcher and leaves the registry. The running fiber's diagnostic is the
 * reason watchers get. */
void ag_live_run_leave(struct ag_live_run *live, const struct ag_run *run, enum ag_err err);

/* ---- everybody's side: any loop ---- */

/* A reference to the organisation's live run, or NULL. */
struct ag_live_run *ag_live_runs_find(struct ag_live_runs *runs, struct ag_uuid org,
                                      struct ag_uuid id);
struct ag_live_run *ag_live_run_ref(struct ag_live_run *live);
struct ag_live_run *ag_live_run_unref(struct ag_live_run *live);
AG_DEFINE_CLEANUP(struct ag_live_run *, ag_live_run_unref)
/* What the row said at the beginning; after the end what it says now, the text included, whether or
 * not the row keeps it. Without the text before. */
struct ag_run ag_live_run_row(struct ag_live_run *live);
/* How it ended; for a run that has. The message is the reason in words. */
enum ag_err ag_live_run_outcome(struct ag_live_run *live, struct ag_str *ret_message);
/* Asks it to end; partial text is kept. Idempotent, and nothing for a run that has ended. */
void ag_live_run_cancel(struct ag_live_run *live);

/* Waits until it has ended, its row stored. AG_E_TIMEOUT, AG_E_CANCELED. */
enum ag_err ag_live_run_wait(struct ag_live_run *live,
                             ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;

/* ---- following ---- */

/* One reader, on its fiber. */
struct ag_live_watch {
    struct ag_live_run *live; /* a reference */
    struct ag_loop *loop;
    struct ag_fiber *fiber;
    struct ag_live_watch *prev, *next; /* guarded by the run's lock, as `posted` is */
    bool posted;
    struct ag_post post;
    size_t offset; /* bytes of the text it has got */
    char piece[AG_LIVE_PIECE_BYTES];
};
/* Begins at `offset`, moved back to the start of a character, and to the end where the text is
 * shorter. */
void ag_live_watch_begin(struct ag_live_watch *watch, struct ag_live_run *live, size_t offset);
/* Waits for more text: whole characters, valid until the next call; empty once the run has ended
 * and all was given. AG_E_TIMEOUT, AG_E_CANCELED. */
enum ag_err ag_live_watch_next(struct ag_live_watch *watch, ag_deadline_ms deadline,
                               struct ag_str *ret_text) AG_MUST_USE AG_SUSPENDS;
/* Whether ag_live_watch_next() returns without waiting. */
bool ag_live_watch_ready(struct ag_live_watch *watch);
/* Must be called for every watch that was begun. */
void ag_live_watch_end(struct ag_live_watch *watch) AG_SUSPENDS;
