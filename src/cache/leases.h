/*
 * Leases: a limit shared by several processes through Redis.
 *
 * Redis holds, of each key, the same one moment as the limiter does. A process takes some of what
 * the key may do at once, and gives it out by itself until it is spent or too old. Since what is
 * given out was counted there at most a twentieth of the window before, all processes together let
 * no more through than one would, and that twentieth; however many they are.
 */
#pragma once

#include "cache/limiter.h"

struct ag_leases;

/* Room for about `keys`, 40 bytes each. AG_E_CONFIG (url), AG_E_NO_MEMORY. */
enum ag_err ag_leases_new(struct ag_str url, size_t keys,
                          struct ag_leases **ret_leases) AG_MUST_USE;
void ag_leases_free(struct ag_leases *leases);
enum ag_err ag_leases_attach(struct ag_leases *leases) AG_MUST_USE AG_SUSPENDS;
void ag_leases_detach(struct ag_leases *leases) AG_SUSPENDS;
/* Whether this loop's Redis answers; without it nothing here is to be asked. */
bool ag_leases_ready(const struct ag_leases *leases);

/* What is known here. Without `take` nothing changes, and what is not known is allowed. With it,
 * false when a lease is needed. */
bool ag_leases_spend(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                     int64_t now_us, bool take, struct ag_limit_verdict *ret_verdict);
/* Takes a lease, and one out of it. `debt_us` is what this process knows the key to owe: a Redis
 * that has just come, maybe empty, learns it. False when Redis does not answer. */
bool ag_leases_ask(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                   int64_t debt_us, struct ag_limit_verdict *ret_verdict) AG_SUSPENDS;
void ag_leases_refund(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                      int64_t now_us);
void ag_leases_forget(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate);
void ag_leases_stats(const struct ag_leases *leases, struct ag_limiter_stats *ret_stats);
