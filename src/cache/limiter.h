/*
 * Limiter: how often something may happen, per key, in this process.
 *
 * The generic cell rate algorithm: a key may do `count` things at once and regains them one by one,
 * evenly over `per_ms`. What is kept of a key is one moment, its theoretical arrival time. The
 * table has a fixed size, so a flood of keys costs no memory: where a new key finds no room, the
 * one that owes least is forgotten, which forgives it at most what it had left to wait.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ag_limiter; /* shared by all threads */

/* `count` >= 1 times at once, and as many again, evenly, over each `per_ms` >= 1 milliseconds. */
struct ag_rate {
    int64_t count, per_ms;
};

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
/* NULL is fine. */
void ag_limiter_free(struct ag_limiter *limiter);
/* Takes one of what `key` may do by `rate`; what is refused costs nothing. `key` is any bytes,
 * found again by a hash under a key of this process; one that is used with two rates should name
 * them. `now_us` is the monotonic clock. Any thread; never blocks for long. */
struct ag_limit_verdict ag_limiter_take(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us);
/* What taking one would say, without taking it. */
struct ag_limit_verdict ag_limiter_peek(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us);
/* Gives one back that was taken a moment ago. */
void ag_limiter_refund(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate,
                       int64_t now_us);
/* Everything that `key` took is as if it had not been. */
void ag_limiter_forget(struct ag_limiter *limiter, struct ag_str key);
