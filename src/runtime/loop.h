/*
 * Loops: one thread, one libuv loop, its fibers.
 *
 * Loops share nothing; what another thread wants from one is posted to it. Every function here but
 * ag_loop_post() and ag_loop_stop() is called on the loop's own thread.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"

#include <uv.h>

struct ag_loop;
struct ag_fiber;

/* A call to make on a loop's thread. Lives with its sender until `fn` ran. */
struct ag_post {
    void (*fn)(struct ag_post *post);
    struct ag_post *next; /* owned by the loop while queued */
};

/* A new loop for the calling thread, which becomes its own. AG_E_NO_MEMORY, AG_E_IO. */
enum ag_err ag_loop_new(unsigned index, struct ag_loop **ret_loop) AG_MUST_USE;
/* Runs until ag_loop_stop() was called and no fiber is left. */
void ag_loop_run(struct ag_loop *loop);
/* Asks the loop to end once its fibers have; any thread. */
void ag_loop_stop(struct ag_loop *loop);
/* Closes everything and frees; asserts that no fiber and no foreign handle is left. */
void ag_loop_free(struct ag_loop *loop);

/* The loop of this thread, or NULL. */
struct ag_loop *ag_loop_self(void);
uv_loop_t *ag_loop_uv(struct ag_loop *loop);
/* 0 .. loops-1: the slot in per-loop tables. */
unsigned ag_loop_index(const struct ag_loop *loop);
/* Fibers alive, and stacks kept for reuse. */
unsigned ag_loop_fibers(const struct ag_loop *loop);
unsigned ag_loop_pooled_stacks(const struct ag_loop *loop);

/* Runs `post->fn` on the loop's thread soon; any thread, never blocks. */
void ag_loop_post(struct ag_loop *loop, struct ag_post *post);
