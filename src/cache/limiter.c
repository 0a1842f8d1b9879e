#include "cache/limiter.h"

#include "cache/leases.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * Sets of WAYS entries, found by the key's hash; a shard is a lock and the sets behind it. Keys are
 * not kept, only 64 bits of a keyed hash: whoever chooses keys can neither aim at a set nor at
 * another key.
 */
enum { SHARDS = 64, WAYS = 8 };

struct entry {
    uint64_t hash;      /* 0: free */
    int64_t full_at_us; /* the theoretical arrival time: when everything is allowed again */
};

struct shard {
    pthread_mutex_t lock;
    struct entry *entries; /* sets * WAYS */
};

struct ag_limiter {
    struct ag_leases *leases; /* NULL: limits are this process's own */
    size_t keys, sets;        /* the second: of a shard */
    struct entry *entries;
    struct shard shards[SHARDS];
};

enum ag_err ag_limiter_new(size_t keys, struct ag_limiter **ret_limiter)
{
    struct ag_limiter *limiter = calloc(1, sizeof(*limiter));
    if (!limiter) return ag_fail(AG_E_NO_MEMORY, "no memory for a rate limiter");
    limiter->keys = keys;
    limiter->sets = AG_MAX(keys / (SHARDS * WAYS), (size_t)1);
    limiter->entries = calloc(limiter->sets * SHARDS * WAYS, sizeof(struct entry));
    if (!limiter->entries) {
        free(limiter);
        return ag_fail(AG_E_NO_MEMORY, "no memory for a rate limiter");
    }
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&limiter->shards[i].lock, NULL);
        limiter->shards[i].entries = limiter->entries + i * limiter->sets * WAYS;
    }
    *ret_limiter = limiter;
    return AG_OK;
}

void ag_limiter_free(struct ag_limiter *limiter)
{
    if (!limiter) return;
    ag_leases_free(limiter->leases);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&limiter->shards[i].lock);
    free(limiter->entries);
    free(limiter);
}

/* The key's entry, or the one it takes over: of those in its set the one that owes least, which is
 * a free one where there is any. */
static struct entry *entry_of(struct entry *set, uint64_t hash)
{
    struct entry *least = &set[0];
    for (size_t way = 0; way < WAYS; way++) {
        if (set[way].hash == hash) return &set[way];
        if (set[way].full_at_us < least->full_at_us) least = &set[way];
    }
    *least = (struct entry){.hash = hash};
    return least;
}

/* GCRA: one event costs `step`, and the debt may reach `window`. */
static struct ag_limit_verdict judge(struct entry *entry, const struct ag_rate *rate,
                                     int64_t now_us)
{
    int64_t window = ag_rate_window_us(rate), step = ag_rate_step_us(rate);
    /* What a longer window left is no more than all of this one. */
    int64_t debt = AG_MIN(AG_MAX(entry->full_at_us - now_us, (int64_t)0), window);
    struct ag_limit_verdict verdict = {.limit = rate->count, .allowed = debt + step <= window};
    if (verdict.allowed) debt += step;
    entry->full_at_us = now_us + debt;
    verdict.remaining = AG_MAX((window - debt) / step, (int64_t)0);
    verdict.reset_ms = (debt + 999) / 1000;
    if (verdict.remaining == 0) verdict.retry_after_ms = (debt + step - window + 999) / 1000;
    return verdict;
}

/* A key's place, locked until unlock() was called. */
struct place {
    struct shard *shard;
    struct entry *set;
    uint64_t hash;
};

static struct place lock(struct ag_limiter *limiter, struct ag_str key)
{
    uint64_t hash = ag_str_hash(key) | 1; /* 0 means free */
    struct shard *shard = &limiter->shards[hash >> 58];
    size_t set = (hash >> 1) % limiter->sets;
    pthread_mutex_lock(&shard->lock);
    return (struct place){shard, shard->entries + set * WAYS, hash};
}

static void unlock(struct place place)
{
    pthread_mutex_unlock(&place.shard->lock);
}

/* The key's entry, or NULL when nothing is known of it. */
static struct entry *known(const struct place *place)
{
    for (size_t way = 0; way < WAYS; way++)
        if (place->set[way].hash == place->hash) return &place->set[way];
    return NULL;
}

static void check_rate(const struct ag_rate *rate)
{
    AG_ASSERT(rate->count >= 1 && rate->per_ms >= 1 && rate->per_ms < INT64_MAX / 1000);
}

/* What was granted elsewhere is counted, and not judged, up to the window. */
static void charge(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate,
                   int64_t now_us)
{
    int64_t window = ag_rate_window_us(rate);
    struct place place = lock(limiter, key);
    struct entry *entry = entry_of(place.set, place.hash);
    int64_t debt = AG_MAX(entry->full_at_us - now_us, (int64_t)0) + ag_rate_step_us(rate);
    entry->full_at_us = now_us + AG_MIN(debt, window);
    unlock(place);
}

static int64_t debt_of(struct ag_limiter *limiter, struct ag_str key, int64_t now_us)
{
    struct place place = lock(limiter, key);
    const struct entry *entry = known(&place);
    int64_t debt = entry ? AG_MAX(entry->full_at_us - now_us, (int64_t)0) : 0;
    unlock(place);
    return debt;
}

static bool is_shared(const struct ag_limiter *limiter)
{
    return limiter->leases && ag_leases_ready(limiter->leases);
}

static bool take_shared(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate,
                        int64_t now_us, struct ag_limit_verdict *ret_verdict)
{
    if (!ag_leases_spend(limiter->leases, key, rate, now_us, true, ret_verdict) &&
        !ag_leases_ask(limiter->leases, key, rate, debt_of(limiter, key, now_us), ret_verdict))
        return false;
    if (ret_verdict->allowed) charge(limiter, key, rate, now_us);
    return true;
}

struct ag_limit_verdict ag_limiter_take(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us)
{
    struct ag_limit_verdict verdict;
    check_rate(rate);
    if (is_shared(limiter) && take_shared(limiter, key, rate, now_us, &verdict)) return verdict;
    struct place place = lock(limiter, key);
    verdict = judge(entry_of(place.set, place.hash), rate, now_us);
    unlock(place);
    return verdict;
}

struct ag_limit_verdict ag_limiter_peek(struct ag_limiter *limiter, struct ag_str key,
                                        const struct ag_rate *rate, int64_t now_us)
{
    struct ag_limit_verdict verdict;
    check_rate(rate);
    if (is_shared(limiter) && ag_leases_spend(limiter->leases, key, rate, now_us, false, &verdict))
        return verdict;
    struct place place = lock(limiter, key);
    struct entry *entry = known(&place);
    struct entry copy = entry ? *entry : (struct entry){.hash = 0};
    unlock(place);
    return judge(&copy, rate, now_us);
}

void ag_limiter_refund(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate,
                       int64_t now_us)
{
    check_rate(rate);
    struct place place = lock(limiter, key);
    struct entry *entry = known(&place);
    if (entry && entry->full_at_us > now_us) entry->full_at_us -= ag_rate_step_us(rate);
    unlock(place);
    if (limiter->leases) ag_leases_refund(limiter->leases, key, rate, now_us);
}

void ag_limiter_forget(struct ag_limiter *limiter, struct ag_str key, const struct ag_rate *rate)
{
    check_rate(rate);
    struct place place = lock(limiter, key);
    struct entry *entry = known(&place);
    if (entry) *entry = (struct entry){.hash = 0};
    unlock(place);
    if (limiter->leases) ag_leases_forget(limiter->leases, key, rate);
}

/* ---- sharing ---- */

enum ag_err ag_limiter_share(struct ag_limiter *limiter, struct ag_str redis_url)
{
    AG_ASSERT(!limiter->leases);
    return ag_leases_new(redis_url, limiter->keys, &limiter->leases);
}

enum ag_err ag_limiter_attach(struct ag_limiter *limiter)
{
    return limiter && limiter->leases ? ag_leases_attach(limiter->leases) : AG_OK;
}

void ag_limiter_detach(struct ag_limiter *limiter)
{
    if (limiter && limiter->leases) ag_leases_detach(limiter->leases);
}

void ag_limiter_stats(const struct ag_limiter *limiter, struct ag_limiter_stats *ret_stats)
{
    *ret_stats = (struct ag_limiter_stats){.redis_connected = 0};
    if (limiter && limiter->leases) ag_leases_stats(limiter->leases, ret_stats);
}
