#include "core/internal.h"

#include <pthread.h>
#include <sodium.h>

/*
 * Two-way set-associative. Secrets are not kept: an entry is found by a 128-bit keyed hash of one,
 * under a key of this process, so that neither reading this memory nor colliding with it helps.
 */
enum { SETS = 512, WAYS = 2, DIGEST_BYTES = crypto_shorthash_siphashx24_BYTES };

struct entry {
    uint8_t digest[DIGEST_BYTES];
    struct ag_principal who; /* read_at_ms 0: empty */
    int64_t expires_at;      /* wall; 0: never */
};

struct ag_access_cache {
    struct entry sets[SETS][WAYS];
};

static unsigned char hash_key[crypto_shorthash_siphashx24_KEYBYTES];
static pthread_once_t hash_key_once = PTHREAD_ONCE_INIT;

static void make_hash_key(void)
{
    ag_random_bytes(hash_key, sizeof(hash_key));
}

enum ag_err ag_access_cache_new(struct ag_access_cache **ret_cache)
{
    pthread_once(&hash_key_once, make_hash_key);
    struct ag_access_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return ag_fail(AG_E_NO_MEMORY, "no memory for the access cache");
    *ret_cache = cache;
    return AG_OK;
}

void ag_access_cache_free(struct ag_access_cache *cache)
{
    free(cache);
}

static struct entry *set_of(struct ag_access_cache *cache, struct ag_str secret,
                            uint8_t digest[DIGEST_BYTES])
{
    crypto_shorthash_siphashx24(digest, (const unsigned char *)secret.data, secret.len, hash_key);
    uint16_t index;
    memcpy(&index, digest, sizeof(index));
    return cache->sets[index % SETS];
}

bool ag_access_cache_get(struct ag_access_cache *cache, struct ag_str secret, uint64_t epoch,
                         struct ag_principal *ret_who)
{
    uint8_t digest[DIGEST_BYTES];
    struct entry *set = set_of(cache, secret, digest);
    for (int way = 0; way < WAYS; way++) {
        const struct entry *entry = &set[way];
        if (entry->who.read_at_ms == 0 || entry->who.epoch != epoch) continue;
        if (memcmp(entry->digest, digest, DIGEST_BYTES) != 0) continue;
        if (ag_mono_ms() - entry->who.read_at_ms > AG_ACCESS_TTL_MS) return false;
        if (entry->expires_at != 0 && ag_wall_ms() >= entry->expires_at) return false;
        *ret_who = entry->who;
        return true;
    }
    return false;
}

void ag_access_cache_put(struct ag_access_cache *cache, struct ag_str secret, int64_t expires_at,
                         const struct ag_principal *who)
{
    uint8_t digest[DIGEST_BYTES];
    struct entry *set = set_of(cache, secret, digest);
    struct entry *victim = &set[0];
    for (int way = 0; way < WAYS; way++) {
        if (memcmp(set[way].digest, digest, DIGEST_BYTES) == 0) {
            victim = &set[way];
            break;
        }
        if (set[way].who.read_at_ms < victim->who.read_at_ms) victim = &set[way];
    }
    *victim = (struct entry){.who = *who, .expires_at = expires_at};
    memcpy(victim->digest, digest, DIGEST_BYTES);
}
