/*
 * Fibers: straight-line code that waits without blocking its thread.
 *
 * A fiber belongs to the loop that spawned it, runs until it parks and is never preempted. Parking
 * ends with AG_OK (woken), AG_E_TIMEOUT (deadline) or AG_E_CANCELED. Wakes may be spurious: whoever
 * parks on a condition looks at the condition again. A parked fiber is never freed: cancelling it
 * makes its current and all later waits return AG_E_CANCELED, so it unwinds through its own code.
 *
 * Stacks are AG_FIBER_STACK_BYTES with a guard page below, pooled last in, first out.
 */
#pragma once

#include "base/clock.h"
#include "base/err.h"
#include "runtime/loop.h"

enum { AG_FIBER_STACK_BYTES = 64 * 1024 };

/* Starts `fn(arg)` on this thread's loop, at the loop's next turn. `name` is static and shows in
 * diagnostics. The fiber frees itself when `fn` returns. AG_E_NO_MEMORY (also: out of mappings). */
enum ag_err ag_fiber_spawn(const char *name, void (*fn)(void *arg), void *arg) AG_MUST_USE;
/* The same, with a handle that must be joined exactly once. */
enum ag_err ag_fiber_spawn_joinable(const char *name, void (*fn)(void *arg), void *arg,
                                    struct ag_fiber **ret_fiber) AG_MUST_USE;
/* Waits until the fiber's function has returned; not cancellable (cancel the fiber instead). */
void ag_fiber_join(struct ag_fiber *fiber) AG_SUSPENDS;

/* The running fiber, or NULL outside of one. */
struct ag_fiber *ag_fiber_self(void);
const char *ag_fiber_name(const struct ag_fiber *fiber);

/* Parks until woken. AG_OK, AG_E_TIMEOUT, AG_E_CANCELED. A wake that came between the last park and
 * this one ends it at once. Never waits past the fiber's own deadline. */
enum ag_err ag_fiber_park(ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
/* Makes a fiber of this thread's loop run soon. Waking a running or already woken fiber makes its
 * next park return at once. */
void ag_fiber_wake(struct ag_fiber *fiber);
/* Sleeps; AG_OK when the time is over, else AG_E_CANCELED or AG_E_TIMEOUT (own deadline). */
enum ag_err ag_fiber_sleep(int64_t ms) AG_MUST_USE AG_SUSPENDS;
/* Lets the others run once. */
void ag_fiber_yield(void) AG_SUSPENDS;

/* Asks a fiber of this loop to end. Idempotent. */
void ag_fiber_cancel(struct ag_fiber *fiber);
/* Whether the running fiber was cancelled (also while shielded). */
bool ag_fiber_canceled(void);
/* Between the two, waits of the running fiber ignore cancellation and its own deadline: for what
 * must be finished once begun, such as a commit. Nests. */
void ag_fiber_shield(void);
void ag_fiber_unshield(void);

/* The running fiber's own deadline, which every wait inherits; returns the one before. */
ag_deadline_ms ag_fiber_set_deadline(ag_deadline_ms deadline);

/*
 * Completion: one event that any thread may signal and one fiber waits for, uninterrupted. It
 * lives on the waiting fiber's stack, so the wait is neither cancellable nor timed.
 */
struct ag_completion {
    struct ag_post post;
    struct ag_loop *loop;
    struct ag_fiber *fiber;
    bool done; /* touched on the loop's thread only */
};
/* For the running fiber. */
void ag_completion_init(struct ag_completion *completion);
/* Any thread, exactly once; the completion may be gone right after. */
void ag_completion_signal(struct ag_completion *completion);
/* Returns once signalled; may be called long after the signal. */
void ag_completion_wait(struct ag_completion *completion) AG_SUSPENDS;

/* Room of the running fiber for a layer above: db/ keeps there whom it acts for. All zero when the
 * fiber starts, whoever started it. NULL outside of a fiber. */
enum { AG_FIBER_LOCAL_BYTES = 32 };
void *ag_fiber_local(void);

/* Bytes of stack the running fiber has left; for deep recursion and tests. */
size_t ag_fiber_stack_left(void);
