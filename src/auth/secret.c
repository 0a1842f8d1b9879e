#include "auth/auth.h"

#include <sodium.h>

enum {
    RANDOM_BYTES = 32,
    RANDOM_CHARS = 43, /* of RANDOM_BYTES in base64url without padding */
};

static const char KEY_PREFIX[] = "agk_";

enum ag_err ag_secret_new(const char *prefix, struct ag_arena *arena, struct ag_str *ret_secret,
                          uint8_t hash[AG_SECRET_HASH_BYTES])
{
    size_t prefix_len = strlen(prefix);
    char *text = ag_arena_alloc(arena, prefix_len + RANDOM_CHARS + 1);
    if (!text) return ag_fail(AG_E_NO_MEMORY, "no memory for a secret");

    uint8_t random[RANDOM_BYTES];
    ag_random_bytes(random, sizeof(random));
    memcpy(text, prefix, prefix_len);
    sodium_bin2base64(text + prefix_len, RANDOM_CHARS + 1, random, sizeof(random),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(random, sizeof(random));

    *ret_secret = ag_str_n(text, prefix_len + RANDOM_CHARS);
    ag_secret_hash(*ret_secret, hash);
    return AG_OK;
}

/* A plain hash is enough: nobody guesses 256 random bits, so there is nothing for a slow one to
 * slow down, and the hash can be an index key. */
void ag_secret_hash(struct ag_str secret, uint8_t hash[AG_SECRET_HASH_BYTES])
{
    _Static_assert(AG_SECRET_HASH_BYTES == crypto_hash_sha256_BYTES, "the hash is SHA-256");
    crypto_hash_sha256(hash, (const uint8_t *)(secret.data ? secret.data : ""), secret.len);
}

static bool is_base64url(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

bool ag_is_api_key(struct ag_str text)
{
    size_t prefix_len = sizeof(KEY_PREFIX) - 1;
    if (text.len != prefix_len + RANDOM_CHARS) return false;
    if (memcmp(text.data, KEY_PREFIX, prefix_len) != 0) return false;
    for (size_t i = prefix_len; i < text.len; i++)
        if (!is_base64url(text.data[i])) return false;
    return true;
}
