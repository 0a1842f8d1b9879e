/*
 * Limiter: how often something may happen, per key.
 *
 * The generic cell rate algorithm: a key may do `count` things at once and regains them one by one,
 * evenly over `per_ms`. What is kept of a key is one moment, its theoretical arrival time. The
 * table has a fixed size, so a flood of keys costs no memory: where a new key finds no room, the
 * one that owes least is forgotten, which forgives it at most what it had left to wait.
 *
 * Limits are this process's own, or shared through Redis with others (leases.h). Those that are
 * shared are counted here all the same: while Redis is away they go on from there.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ag_limiter; /* shared by all threads */

/* `count` >= 1 times at once, and as many again, evenly, over each `per_ms` >= 1 milliseconds. */
struct ag_rate {
    int64_t count, per_ms;
};

/* What one costs, in microseconds, and what all of them do. Rounded so that never more is allowed.
 */
static inline int64_t ag_rate_step_us(const struct ag_rate *rate)
{
    return (rate->per_ms * 1000 + rate->count - 1) / rate->count;
}
static inline int64_t ag_rate_window_us(const struct ag_rate *rate)
{
    return ag_rate_step_us(rate) * rate->count;
}

/* What may be told to the caller: RateLimit-Limit, -Remaining, -Reset and Retry-After. */
struct ag_limit_verdict {
    bool allowed;
    int64_t limit;          /* the rate's count */
    int64_t remaining;      /* more that would be allowed now */
    int64_t reset_ms;       /* until all of them are */
    int64_t retry_after_ms; /* until the next one is; 0 when it is now */
};

/* Room for about `keys` of them, 16 bytes each. AG_E_NO_MEMORY. */
enum ag_err ag_limiter_new(size_t keys, struct ag_limiter **ret_limiter) AG_MUST_USE;
/* NULL is fine; every loop has detached. */
void ag_limiter_free(struct ag_limiter *limiter);

/* Shares all limits through Redis from now on, 40 bytes more of each key. Before the loops run.
 * AG_E_CONFIG (the URL), AG_E_NO_MEMORY. */
enum ag_err ag_limiter_share(struct ag_limiter *limiter, struct ag_str redis_url) AG_MUST_USE;
/* Makes this loop's connection: returns when it stands, or once a first attempt has failed. A loop
 * without one counts by itself. AG_E_NO_MEMORY. */
enum ag_err ag_limiter_attach(struct ag_limiter *limiter) AG_MUST_USE AG_SUSPENDS;
void ag_limiter_detach(struct ag_limiter *limiter) AG_SUSPENDS;

/* Takes one of what `key` may do by `rate`; what is refused costs nothing. `key` is any bytes; it
 * may be used with several rates of one `per_ms`, and what was done by one counts as the same part
 * of another. `now_us` is the monotonic clock. Any thread. Waits only where limits are shared and a
 * new lease is needed, some 50 ms at the longest; while Redis is away, not at all. */
struct ag_limit_verdict ag_limiter_take(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us) AG_SUSPENDS;
/* What taking one would say, as far as it is known here, without taking it. Never waits. */
struct ag_limit_verdict ag_limiter_peek(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us);
/* Gives one back that was taken a moment ago. */
void ag_limiter_refund(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate,
                       int64_t now_us);
/* Everything that `key` took is as if it had not been, for all that share it. `rate` is what
 * it was used with. */
void ag_limiter_forget(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate);

struct ag_limiter_stats {
    unsigned redis_connected; /* loops that share limits now */
    uint64_t redis_lost;      /* connections that broke */
    uint64_t leases;          /* decisions that asked Redis */
    uint64_t decided_alone;   /* those that got no answer */
};
/* Any thread. */
void ag_limiter_stats(const struct ag_limiter *limiter, struct ag_limiter_stats *ret_stats);
