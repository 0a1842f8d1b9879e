/*
 * Redis: one connection per loop, for what may be lost.
 *
 * Nothing here is the truth, so nothing waits for it: while the connection is down, every call
 * fails at once, and a fiber of its own makes a new one, with growing pauses. A command that is not
 * answered in time ends the connection, so that at most one wait is lost to a server that has gone
 * silent.
 *
 * One Lua script goes with a client. It is loaded when a connection is made and called by its
 * digest.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct ag_redis; /* shared by all loops */

enum {
    AG_REDIS_MAX_ARGS = 6,
    AG_REDIS_MAX_ARG_BYTES = 48,
    AG_REDIS_MAX_VALUES = 4,
    AG_REDIS_MAX_PENDING = 1024, /* commands without an answer, per loop */
};

/* Where it is, from "redis://[user:password@]host[:port][/db]". Texts end with NUL. */
struct ag_redis_address {
    char host[254];
    int port;
    char user[129], password[513];
    int db;
};
/* AG_E_CONFIG: says what is wrong, without the password. Pure. */
enum ag_err ag_redis_address_parse(struct ag_str url,
                                   struct ag_redis_address *ret_address) AG_MUST_USE;

/* Dials nothing yet. `script` is static. AG_E_CONFIG, AG_E_NO_MEMORY. */
enum ag_err ag_redis_new(struct ag_str url, const char *script,
                         struct ag_redis **ret_redis) AG_MUST_USE;
/* Every loop has detached. NULL is fine. */
void ag_redis_free(struct ag_redis *redis);

/* Gives this loop its connection: returns once the first attempt has come to an end, good or bad,
 * or takes long. AG_E_NO_MEMORY. */
enum ag_err ag_redis_attach(struct ag_redis *redis) AG_MUST_USE AG_SUSPENDS;
void ag_redis_detach(struct ag_redis *redis) AG_SUSPENDS;

/* Whether this loop's connection takes commands now. */
bool ag_redis_ready(const struct ag_redis *redis);
/* When it last began to, in monotonic microseconds; 0: never. */
int64_t ag_redis_ready_since_us(const struct ag_redis *redis);

/* Runs the script with `args`, the first of which is its key, and reads the `count` integers that
 * it returns. AG_E_CLOSED when there is no connection, or it broke, or no answer came within
 * `timeout_ms` (the connection ends then); AG_E_OVERLOADED; AG_E_CANCELED; AG_E_NO_MEMORY. Failing
 * is ordinary here: no diagnostic is recorded. */
enum ag_err ag_redis_run(struct ag_redis *redis, const struct ag_str *args, size_t arg_count,
                         int64_t timeout_ms, int64_t *ret_values,
                         size_t count) AG_MUST_USE AG_SUSPENDS;
/* Runs it without waiting for what it returns, if there is a connection. Commands of one loop are
 * run in their order. */
void ag_redis_tell(struct ag_redis *redis, const struct ag_str *args, size_t arg_count);

struct ag_redis_stats {
    unsigned connected; /* loops that have a connection now */
    uint64_t lost;      /* connections that broke */
};
/* Any thread. */
void ag_redis_stats(const struct ag_redis *redis, struct ag_redis_stats *ret_stats);
