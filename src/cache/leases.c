#include "cache/leases.h"

#include "base/clock.h"
#include "cache/redis.h"

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    SHARDS = 64,
    WAYS = 8,
    ANSWER_MS = 50,      /* longest wait for a decision */
    LEASE_FRACTION = 20, /* of the window, and of the count: how old and how large one gets */
    LEASE_MAX = 1000,
    TRUSTED_US = 1000 * 1000, /* how long a refusal is repeated without asking again */
    KEY_HASH_BYTES = 16,
};

#define KEY_PREFIX "agentgen:limit:"

/*
 * GCRA for up to `want` at once, by the clock of Redis; less than nothing gives some back. KEYS[1];
 * ARGV: step, window, want, the debt that is known elsewhere; all in microseconds. Returns how many
 * were granted, and the debt with them. What a clock that was set back, or a window that was
 * longer, left in the future is cut to the window.
 *
 * `want` "forget" forgets the key. What others still know of its debt would bring that back, so
 * such a key stays for a window, with its moment below zero: it is not told debts.
 */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000000 + t[2]\n"
    "local step, window = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local all_ms = math.ceil(window / 1000)\n"
    "if ARGV[3] == 'forget' then\n"
    "  redis.call('SET', KEYS[1], -1, 'PX', all_ms)\n"
    "  return {0, 0}\n"
    "end\n"
    "local want, tat = tonumber(ARGV[3]), tonumber(redis.call('GET', KEYS[1]) or 0)\n"
    "local forgotten = tat < 0\n"
    "if forgotten then tat = -tat else tat = math.max(tat, now + tonumber(ARGV[4])) end\n"
    "tat = math.min(math.max(tat, now), now + window)\n"
    "local room = math.max(math.floor((window - (tat - now)) / step), 0)\n"
    "local granted = math.min(want, room)\n"
    "tat = math.max(tat + granted * step, now)\n"
    "local ms = forgotten and all_ms or math.max(math.ceil((tat - now) / 1000), 1)\n"
    "redis.call('SET', KEYS[1], string.format('%.0f', forgotten and -tat or tat), 'PX', ms)\n"
    "return {granted, tat - now}\n";

struct lease {
    uint64_t hash; /* of the key; 0: free */
    uint32_t rate; /* a lease is one of a rate */
    uint16_t tokens;
    uint16_t block;     /* how many were asked for last */
    uint16_t asking;    /* questions on their way */
    int64_t full_at_us; /* as Redis had it, by this process's clock */
    int64_t expires_us;
    int64_t asked_us;
};

struct shard {
    pthread_mutex_t lock;
    struct lease *leases; /* sets * WAYS */
};

struct ag_leases {
    struct ag_redis *redis;
    size_t sets; /* of a shard */
    struct lease *leases;
    struct shard shards[SHARDS];
    atomic_uint_least64_t asked, alone;
};

enum ag_err ag_leases_new(struct ag_str url, size_t keys, struct ag_leases **ret_leases)
{
    struct ag_leases *leases = calloc(1, sizeof(*leases));
    if (!leases) return ag_fail(AG_E_NO_MEMORY, "no memory for shared limits");
    leases->sets = AG_MAX(keys / (SHARDS * WAYS), (size_t)1);
    leases->leases = calloc(leases->sets * SHARDS * WAYS, sizeof(struct lease));
    for (size_t i = 0; i < SHARDS; i++) {
        pthread_mutex_init(&leases->shards[i].lock, NULL);
        if (leases->leases) leases->shards[i].leases = leases->leases + i * leases->sets * WAYS;
    }
    enum ag_err err = leases->leases ? ag_redis_new(url, script, &leases->redis)
                                     : ag_fail(AG_E_NO_MEMORY, "no memory for shared limits");
    if (err != AG_OK) {
        ag_leases_free(leases);
        return err;
    }
    *ret_leases = leases;
    return AG_OK;
}

void ag_leases_free(struct ag_leases *leases)
{
    if (!leases) return;
    ag_redis_free(leases->redis);
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&leases->shards[i].lock);
    free(leases->leases);
    free(leases);
}

enum ag_err ag_leases_attach(struct ag_leases *leases)
{
    return ag_redis_attach(leases->redis);
}

void ag_leases_detach(struct ag_leases *leases)
{
    ag_redis_detach(leases->redis);
}

bool ag_leases_ready(const struct ag_leases *leases)
{
    return ag_redis_ready(leases->redis);
}

/* ---- the table ---- */

struct place {
    struct shard *shard;
    struct lease *set;
    uint64_t hash;
};

static struct place lock(struct ag_leases *leases, struct ag_str key)
{
    uint64_t hash = ag_str_hash(key) | 1; /* 0 means free */
    struct shard *shard = &leases->shards[hash >> 58];
    size_t set = (hash >> 1) % leases->sets;
    pthread_mutex_lock(&shard->lock);
    return (struct place){shard, shard->leases + set * WAYS, hash};
}

static void unlock(struct place place)
{
    pthread_mutex_unlock(&place.shard->lock);
}

static struct lease *known(const struct place *place, const struct ag_rate *rate)
{
    for (size_t way = 0; way < WAYS; way++) {
        struct lease *lease = &place->set[way];
        if (lease->hash == place->hash && lease->rate == (uint32_t)rate->count) return lease;
    }
    return NULL;
}

/* The key's lease, or a new one in the place of the one that says least. */
static struct lease *lease_of(struct place place, const struct ag_rate *rate)
{
    struct lease *lease = known(&place, rate), *least = &place.set[0];
    if (lease) return lease;
    for (size_t way = 1; way < WAYS; way++)
        if (place.set[way].full_at_us < least->full_at_us) least = &place.set[way];
    *least = (struct lease){.hash = place.hash, .rate = (uint32_t)rate->count};
    return least;
}

/* ---- arithmetic ---- */

static struct ag_limit_verdict verdict_of(const struct lease *lease, const struct ag_rate *rate,
                                          int64_t now_us, bool allowed)
{
    int64_t window = ag_rate_window_us(rate), step = ag_rate_step_us(rate);
    int64_t debt = AG_MAX(lease->full_at_us - now_us, (int64_t)0);
    struct ag_limit_verdict verdict = {.limit = rate->count, .allowed = allowed};
    /* What stands in a lease is not spent yet. */
    verdict.remaining = AG_MAX((window - debt) / step, (int64_t)0) + lease->tokens;
    verdict.reset_ms = (AG_MAX(debt - lease->tokens * step, (int64_t)0) + 999) / 1000;
    if (verdict.remaining == 0) verdict.retry_after_ms = (debt + step - window + 999) / 1000;
    return verdict;
}

/* Grows while leases are spent, and begins anew after one that was not: whoever asks now and then
 * leaves nothing unspent behind. */
static int64_t next_block(struct lease *lease, const struct ag_rate *rate, int64_t now_us)
{
    int64_t most = AG_MIN(AG_MAX(rate->count / LEASE_FRACTION, (int64_t)1), (int64_t)LEASE_MAX);
    bool spent = lease->block > 0 && lease->tokens == 0 && now_us < lease->expires_us;
    int64_t block = spent ? AG_MIN((int64_t)lease->block * 2, most) : 1;
    lease->block = (uint16_t)block;
    return block;
}

/* Nothing can have been regained since, but it can have been forgotten by somebody else. */
static bool refuses(const struct lease *lease, const struct ag_rate *rate, int64_t now_us)
{
    int64_t debt = lease->full_at_us - now_us;
    return debt + ag_rate_step_us(rate) > ag_rate_window_us(rate) &&
           now_us - lease->asked_us < TRUSTED_US;
}

bool ag_leases_spend(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                     int64_t now_us, bool take, struct ag_limit_verdict *ret_verdict)
{
    struct place place = lock(leases, key);
    struct lease *lease = known(&place, rate);
    bool decided = true;
    struct lease none = {.hash = 0};
    if (lease && lease->tokens > 0 && now_us < lease->expires_us) {
        lease->tokens -= take;
        *ret_verdict = verdict_of(lease, rate, now_us, true);
    } else if (lease && refuses(lease, rate, now_us)) {
        lease->tokens = 0;
        *ret_verdict = verdict_of(lease, rate, now_us, false);
    } else {
        *ret_verdict = verdict_of(lease ? lease : &none, rate, now_us, true);
        decided = !take;
    }
    unlock(place);
    return decided;
}

/* ---- asking ---- */

struct question {
    char texts[AG_REDIS_MAX_ARGS][AG_REDIS_MAX_ARG_BYTES];
    struct ag_str args[AG_REDIS_MAX_ARGS];
    size_t count;
};

static void add_number(struct question *question, int64_t number)
{
    char *text = question->texts[question->count];
    int len = snprintf(text, AG_REDIS_MAX_ARG_BYTES, "%lld", (long long)number);
    question->args[question->count++] = ag_str_n(text, (size_t)len);
}

/* The same on every server, and of one length, whatever the key is. */
static struct ag_str shared_key(struct ag_str key, char out[AG_REDIS_MAX_ARG_BYTES])
{
    unsigned char hash[KEY_HASH_BYTES];
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)key.data, key.len, NULL, 0);
    memcpy(out, KEY_PREFIX, sizeof(KEY_PREFIX));
    _Static_assert(sizeof(KEY_PREFIX) + 2 * KEY_HASH_BYTES <= AG_REDIS_MAX_ARG_BYTES, "too long");
    sodium_bin2hex(out + sizeof(KEY_PREFIX) - 1, 2 * KEY_HASH_BYTES + 1, hash, sizeof(hash));
    return ag_str(out);
}

static void put_question(struct question *question, struct ag_str key, const struct ag_rate *rate)
{
    question->count = 1;
    question->args[0] = shared_key(key, question->texts[0]);
    add_number(question, ag_rate_step_us(rate));
    add_number(question, ag_rate_window_us(rate));
}

/* Redis is not believed what the script cannot have said. */
static bool makes_sense(const int64_t answer[2], const struct ag_rate *rate, int64_t want)
{
    return answer[0] >= 0 && answer[0] <= want && answer[1] >= 0 &&
           answer[1] <= ag_rate_window_us(rate);
}

static enum ag_err ask_redis(struct ag_leases *leases, struct ag_str key,
                             const struct ag_rate *rate, int64_t want, int64_t debt_us,
                             int64_t ret_answer[2])
{
    struct question question;
    /* After a whole window Redis knows all by itself. */
    bool new_there = ag_mono_us() - ag_redis_ready_since_us(leases->redis) <
                     ag_rate_window_us(rate);
    put_question(&question, key, rate);
    add_number(&question, want);
    add_number(&question, new_there ? debt_us : 0);
    AG_TRY(ag_redis_run(leases->redis, question.args, question.count, ANSWER_MS, ret_answer, 2));
    return makes_sense(ret_answer, rate, want) ? AG_OK : AG_E_CLOSED;
}

static struct ag_limit_verdict take_answer(struct lease *lease, const struct ag_rate *rate,
                                           int64_t asked_us, const int64_t answer[2])
{
    int64_t now_us = ag_mono_us(), expires_us = asked_us + ag_rate_window_us(rate) / LEASE_FRACTION;
    bool old = lease->tokens > 0 && now_us < lease->expires_us;
    if (!old) lease->tokens = 0;
    lease->expires_us = old ? AG_MIN(lease->expires_us, expires_us) : expires_us;
    lease->full_at_us = now_us + answer[1];
    lease->asked_us = now_us;
    int64_t granted = answer[0];
    if (granted > 0)
        lease->tokens = (uint16_t)AG_MIN(lease->tokens + granted - 1, (int64_t)UINT16_MAX);
    return verdict_of(lease, rate, now_us, granted > 0);
}

bool ag_leases_ask(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                   int64_t debt_us, struct ag_limit_verdict *ret_verdict)
{
    int64_t answer[2], asked_us = ag_mono_us();
    struct place place = lock(leases, key);
    struct lease *lease = lease_of(place, rate);
    /* One lease at a time: who comes while it is on its way asks for themselves alone. */
    int64_t want = lease->asking == 0 ? next_block(lease, rate, asked_us) : 1;
    lease->asking += lease->asking < UINT16_MAX;
    unlock(place);

    enum ag_err err = ask_redis(leases, key, rate, want, debt_us, answer);

    place = lock(leases, key);
    lease = lease_of(place, rate);
    lease->asking -= lease->asking > 0;
    if (err == AG_OK) *ret_verdict = take_answer(lease, rate, asked_us, answer);
    unlock(place);
    atomic_fetch_add_explicit(err == AG_OK ? &leases->asked : &leases->alone, 1,
                              memory_order_relaxed);
    return err == AG_OK;
}

/* A token of a lease that lives and is larger than one is given out again; any other one would end
 * with the lease, so Redis gets it back. */
static bool keep_refund(struct lease *lease, const struct ag_rate *rate, int64_t now_us)
{
    bool lives = now_us < lease->expires_us;
    if (!lives) lease->tokens = 0;
    if (lives && lease->block > 1 && lease->tokens < UINT16_MAX) {
        lease->tokens++;
        return true;
    }
    lease->full_at_us -= ag_rate_step_us(rate);
    return false;
}

void ag_leases_refund(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate,
                      int64_t now_us)
{
    /* What was counted without Redis is given back without it. */
    if (!ag_leases_ready(leases)) return;
    struct place place = lock(leases, key);
    struct lease *lease = known(&place, rate);
    bool kept = lease && keep_refund(lease, rate, now_us);
    unlock(place);
    if (kept) return;
    struct question question;
    put_question(&question, key, rate);
    add_number(&question, -1);
    add_number(&question, 0);
    ag_redis_tell(leases->redis, question.args, question.count);
}

void ag_leases_forget(struct ag_leases *leases, struct ag_str key, const struct ag_rate *rate)
{
    struct question question;
    struct place place = lock(leases, key);
    for (size_t way = 0; way < WAYS; way++)
        if (place.set[way].hash == place.hash) place.set[way] = (struct lease){.hash = 0};
    unlock(place);
    put_question(&question, key, rate);
    question.args[question.count++] = AG_STR("forget");
    ag_redis_tell(leases->redis, question.args, question.count);
}

void ag_leases_stats(const struct ag_leases *leases, struct ag_limiter_stats *ret_stats)
{
    struct ag_redis_stats redis;
    ag_redis_stats(leases->redis, &redis);
    *ret_stats = (struct ag_limiter_stats){
        .redis_connected = redis.connected,
        .redis_lost = redis.lost,
        .leases = atomic_load_explicit(&leases->asked, memory_order_relaxed),
        .decided_alone = atomic_load_explicit(&leases->alone, memory_order_relaxed),
    };
}
