#include "auth/auth.h"

#include "auth/password_common.h"
#include "runtime/offload.h"

#include <errno.h>
#include <sodium.h>

/* RFC 9106 Argon2id, at the first choice of OWASP's table: one lane, 19 MiB, two passes. */
static const unsigned long long PASSES = 2;
static const size_t MEMORY_BYTES = (size_t)19 * 1024 * 1024;

enum {
    QUEUE_MAX = 32, /* callers waiting; at 20-150 ms a hash the last waits a few seconds */
    SALT_BYTES = 16,
    TAG_BYTES = 32,
};

_Static_assert(AG_PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "libsodium's PHC string fits");

static struct ag_pool *pool;
static char dummy_hash[AG_PASSWORD_HASH_BYTES]; /* written before the loops start, then read only */

/* ---- starting ---- */

/* A hash of nothing: random salt and tag under the parameters in use. Verifying against it costs
 * what any verification costs and never succeeds, and making it costs no hash at start-up. */
static void make_dummy_hash(void)
{
    uint8_t random[SALT_BYTES + TAG_BYTES];
    char salt[32], tag[64];
    ag_random_bytes(random, sizeof(random));
    sodium_bin2base64(salt, sizeof(salt), random, SALT_BYTES,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    sodium_bin2base64(tag, sizeof(tag), random + SALT_BYTES, TAG_BYTES,
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    snprintf(dummy_hash, sizeof(dummy_hash), "$argon2id$v=19$m=%zu,t=%llu,p=1$%s$%s",
             MEMORY_BYTES / 1024, PASSES, salt, tag);
    /* Zero says: well-formed, and with just these parameters. */
    AG_ASSERT(crypto_pwhash_str_needs_rehash(dummy_hash, PASSES, MEMORY_BYTES) == 0);
}

enum ag_err ag_passwords_start(unsigned threads)
{
    AG_ASSERT(!pool);
    /* Picks the vectorised Argon2; safe to call again. */
    if (sodium_init() < 0) return ag_fail(AG_E_INTERNAL, "libsodium cannot be initialised");
    make_dummy_hash();
    return ag_pool_new("password", AG_MAX(threads, 1u), QUEUE_MAX, &pool);
}

void ag_passwords_stop(void)
{
    ag_pool_free(AG_TAKE(pool));
}

/* ---- what may be a password ---- */

/* The code point at `*offset` of well-formed UTF-8; moves on. */
static uint32_t next_char(struct ag_str s, size_t *offset)
{
    const uint8_t *p = (const uint8_t *)s.data + *offset;
    unsigned more = p[0] < 0x80 ? 0 : p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3fu);
    *offset += more + 1;
    return c;
}

/* How far `to` stands from `from` in a row of keys: 9 is followed by 0. */
static int64_t step_between(uint32_t from, uint32_t to)
{
    if (from == '9' && to == '0') return 1;
    if (from == '0' && to == '9') return -1;
    return (int64_t)to - (int64_t)from;
}

/* Whether all neighbours stand the same small step apart: aaaaaaaa (0), 12345678 (1), hgfedcba
 * (-1). */
static bool is_plain_run(struct ag_str s)
{
    size_t offset = 0;
    int64_t run_step = 0;
    uint32_t before = next_char(s, &offset);
    for (bool first = true; offset < s.len; first = false) {
        uint32_t c = next_char(s, &offset);
        int64_t step = step_between(before, c);
        if (step < -1 || step > 1 || (!first && step != run_step)) return false;
        run_step = step;
        before = c;
    }
    return true;
}

const char *ag_password_problem(struct ag_str password)
{
    if (!ag_utf8_valid(password)) return "The password must be text in UTF-8.";
    size_t chars = ag_utf8_length(password);
    if (chars < AG_PASSWORD_MIN)
        return "Use at least 8 characters; 15 or more are recommended, and a few words do well.";
    if (chars > AG_PASSWORD_MAX) return "Use at most 1024 characters.";
    if (is_plain_run(password))
        return "This is one character or a plain run of them; choose something harder to guess.";
    if (ag_password_is_common(password))
        return "This is one of the most common passwords; choose one that nobody else uses.";
    return NULL;
}

/* ---- hashing ---- */

struct job {
    struct ag_str password; /* the caller's, who is parked meanwhile: no copy is made */
    const char *hash;       /* to verify against */
    char *out;              /* to hash into */
};

static enum ag_err hash_job(void *arg)
{
    struct job *job = arg;
    if (crypto_pwhash_str_alg(job->out, job->password.data, job->password.len, PASSES, MEMORY_BYTES,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return ag_fail(AG_E_NO_MEMORY, "no memory for a password hash");
    return AG_OK;
}

static enum ag_err verify_job(void *arg)
{
    struct job *job = arg;
    errno = 0;
    if (crypto_pwhash_str_verify(job->hash, job->password.data, job->password.len) == 0)
        return AG_OK;
    /* One return value for "differs" and "could not tell"; errno keeps them apart. */
    if (errno == ENOMEM) return ag_fail(AG_E_NO_MEMORY, "no memory for a password hash");
    return ag_fail(AG_E_BAD_CREDENTIALS, "the password does not match");
}

/* Longer ones are refused before they reach a thread; what is hashed has a bound here too. */
static bool too_long(struct ag_str password)
{
    return password.len > (size_t)AG_PASSWORD_MAX * 4;
}

enum ag_err ag_password_hash(struct ag_str password, char out[AG_PASSWORD_HASH_BYTES])
{
    if (too_long(password)) return ag_fail(AG_E_INVALID, "the password is too long");
    char hash[AG_PASSWORD_HASH_BYTES] = "";
    struct job job = {.password = password, .out = hash};
    AG_TRY(ag_pool_run(pool, hash_job, &job));
    memcpy(out, hash, sizeof(hash));
    return AG_OK;
}

enum ag_err ag_password_verify(struct ag_str password, const char *hash)
{
    /* No account has such a password; its length is the caller's own, so the quick answer tells
     * nothing about the account. */
    if (too_long(password)) return ag_fail(AG_E_BAD_CREDENTIALS, "the password does not match");
    struct job job = {.password = password, .hash = hash ? hash : dummy_hash};
    enum ag_err err = ag_pool_run(pool, verify_job, &job);
    AG_ASSERT(hash || err != AG_OK);
    return err;
}
