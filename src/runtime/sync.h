/* Waiting for one another among fibers of one loop. Nothing here is thread-safe, nothing blocks a
 * thread. Every wait is first come, first served. */
#pragma once

#include "runtime/fiber.h"

struct ag_waiter {
    struct ag_fiber *fiber;
    struct ag_waiter *next;
    bool signaled;
};

/* Condition: fibers wait until somebody says that something changed. All zero is a valid one. */
struct ag_cond {
    struct ag_waiter *head, *tail;
};
/* AG_OK after a signal or broadcast, AG_E_TIMEOUT, AG_E_CANCELED. The caller looks again at what it
 * waits for. A signal that meets a waiter being cancelled goes on to the next waiter. */
enum ag_err ag_cond_wait(struct ag_cond *cond, ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
/* Wakes the first waiter, if any. */
void ag_cond_signal(struct ag_cond *cond);
void ag_cond_broadcast(struct ag_cond *cond);

/* Channel: a bounded queue of pointers between fibers of one loop. */
struct ag_channel {
    void **items;
    size_t size, count, first;
    bool closed;
    struct ag_cond readable, writable;
};
/* `size` >= 1 items. AG_E_NO_MEMORY. */
enum ag_err ag_channel_init(struct ag_channel *channel, size_t size) AG_MUST_USE;
/* The channel must be empty of waiters; queued pointers are the caller's. */
void ag_channel_done(struct ag_channel *channel);
/* Waits for room. AG_E_CLOSED once closed (the item stays the caller's), AG_E_TIMEOUT,
 * AG_E_CANCELED. */
enum ag_err ag_channel_put(struct ag_channel *channel, void *item,
                           ag_deadline_ms deadline) AG_MUST_USE AG_SUSPENDS;
/* Waits for an item. AG_E_CLOSED when closed and empty: what was queued is still delivered. */
enum ag_err ag_channel_get(struct ag_channel *channel, ag_deadline_ms deadline,
                           void **ret_item) AG_MUST_USE AG_SUSPENDS;
/* No more puts; waiters on both ends wake. Idempotent. */
void ag_channel_close(struct ag_channel *channel);
