/* What loop.c and fiber.c share. Internal to runtime/. */
#pragma once

#include "runtime/fiber.h"
#include "runtime/loop.h"
#include "runtime/stack.h"

#include <stdatomic.h>

enum { AG_LOOP_POOLED_STACKS = 256 };

struct ag_fiber {
    struct ag_context context;
    struct ag_stack stack;
    struct ag_loop *loop;
    const char *name;
    void (*fn)(void *arg);
    void *arg;
    struct ag_fiber *next; /* in the ready queue or the pool */
    struct ag_fiber *joiner;

    bool queued; /* in the ready queue */
    bool parked;
    bool woken; /* a wake that no park has consumed */
    bool timed_out;
    bool canceled;
    bool joinable, finished;
    int shield;

    ag_deadline_ms deadline;      /* its own */
    ag_deadline_ms wait_deadline; /* of the park in progress */
    /* Armed lazily: a timer that fires before the deadline in force is only set again, so a fiber
     * that parks often does not touch the timer heap each time. */
    uv_timer_t timer;
    ag_deadline_ms timer_due; /* AG_NEVER: not armed */
    struct ag_diag diag;
    _Alignas(16) unsigned char local[AG_FIBER_LOCAL_BYTES];
};

struct ag_loop {
    uv_loop_t uv;
    unsigned index;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active while the ready queue is not empty, so that polling does not wait */
    uv_async_t async;
    _Atomic(struct ag_post *) posts; /* newest first */

    struct ag_context context; /* the loop's own stack */
    struct ag_fiber *current;
    struct ag_fiber *ready_head, *ready_tail;
    struct ag_fiber *pool;
    unsigned pooled, fibers;
    bool stopping;
};

/* Takes a finished fiber off its stack: wakes who joins it or pools it. */
void ag_fiber_retire(struct ag_fiber *fiber);
/* Runs fibers that are ready. */
void ag_loop_run_ready(struct ag_loop *loop);
/* Closes the timers of pooled fibers; each stack is unmapped when its timer has closed. */
void ag_fiber_pool_close_timers(struct ag_loop *loop);
