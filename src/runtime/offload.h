/*
 * Offload: the one door for work that would block a loop (name look-ups, files, password hashes).
 *
 * A pool has a fixed number of threads and a bounded queue; a fiber hands it a function and parks,
 * uninterrupted, until the function has returned.
 */
#pragma once

#include "runtime/fiber.h"

struct ag_pool;

/* `threads` >= 1 threads named `name` (static), started on first use; at most `queue_max` calls
 * wait. AG_E_NO_MEMORY. */
enum ag_err ag_pool_new(const char *name, unsigned threads, unsigned queue_max,
                        struct ag_pool **ret_pool) AG_MUST_USE;
/* Waits for running calls and frees. NULL is fine. */
void ag_pool_free(struct ag_pool *pool);
/* Runs `fn(arg)` on a thread of the pool; returns what it returned, its diagnostic included.
 * AG_E_OVERLOADED when the queue is full. `fn` touches nothing but `arg`. */
enum ag_err ag_pool_run(struct ag_pool *pool, enum ag_err (*fn)(void *arg),
                        void *arg) AG_MUST_USE AG_SUSPENDS;
/* Calls waiting and running now; any thread. */
void ag_pool_load(struct ag_pool *pool, unsigned *ret_waiting, unsigned *ret_running);

/* The shared pool of the process (4 threads, 1024 waiting), for short work: files, getaddrinfo. */
enum ag_err ag_offload(enum ag_err (*fn)(void *arg), void *arg) AG_MUST_USE AG_SUSPENDS;
/* Ends the shared pool at exit; NULL-safe when it was never used. */
void ag_offload_done(void);
