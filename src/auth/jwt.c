/*
 * JSON Web Tokens of our own: RFC 7519 claims in an RFC 7515 compact serialization, HS256.
 *
 * The verifier is small because it only knows the tokens this program issues. The header is
 * compared with a constant, so there is no algorithm to choose and no `crit`, `kid`, `jku` or `jwk`
 * to be talked into; nothing of the payload is looked at before the signature over its exact bytes
 * holds.
 */
#include "auth/auth.h"

#include <inttypes.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <yyjson.h>

/* base64url of {"alg":"HS256","typ":"at+jwt"}, and the dot after it. */
static const char HEADER[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.";
static const char PARTY[] = "agentgen"; /* `iss` and `aud`: we issue them for ourselves */

enum {
    HEADER_CHARS = sizeof(HEADER) - 1,
    MAC_BYTES = 32,
    MAC_CHARS = 43, /* MAC_BYTES in base64url */
    PAYLOAD_MAX_BYTES = (AG_JWT_MAX_BYTES - HEADER_CHARS - 1 - MAC_CHARS) * 3 / 4,
    PARSE_BYTES = PAYLOAD_MAX_BYTES * 13 + 512, /* what yyjson may need for the longest payload */
    LEEWAY_S = 60, /* for `iat`: another instance's clock may be ahead */
};

struct ag_jwt_key {
    EVP_MAC *algorithm;
    /* Keyed once and never used itself: every call works on a copy, which costs under a microsecond
     * and lets all loops share the key without a lock. */
    EVP_MAC_CTX *keyed;
};

/* ---- the key ---- */

/* Words out of examples and templates; compared without case, and without `-`, `_`, `.` and spaces
 * in the secret. Random text of a useful length holds none of them. */
static const char *const known_words[] = {
    "changeme",   "changethis", "changeit",  "replaceme",     "replacethis",  "yoursecret",
    "yoursuper",  "yourjwt",    "your256",   "mysecret",      "mysuper",      "supersecret",
    "secretkey",  "jwtsecret",  "secretjwt", "asecret",       "stringsecret", "topsecret",
    "atleast256", "atleast32",  "256bit",    "defaultsecret", "placeholder",  "example",
    "password",   "verysecret", "insecure",
};

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.' || c == ' ';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether `word` stands at the start of `s`, separators skipped. Works in place: no copy of a
 * secret is made. */
static bool word_at(struct ag_str s, const char *word)
{
    for (size_t i = 0; *word; i++) {
        if (i == s.len) return false;
        if (is_separator(s.data[i])) continue;
        if (lower(s.data[i]) != *word++) return false;
    }
    return true;
}

static bool has_known_word(struct ag_str secret)
{
    for (size_t start = 0; start < secret.len; start++)
        for (size_t i = 0; i < AG_COUNT(known_words); i++)
            if (word_at(ag_str_sub(secret, start, secret.len), known_words[i])) return true;
    return false;
}

/* Whether `secret` is one piece over and over, such as "aaaa" or "0123456701234567". */
static bool is_repetition(struct ag_str secret)
{
    for (size_t period = 1; period <= secret.len / 2; period++)
        if (memcmp(secret.data, secret.data + period, secret.len - period) == 0) return true;
    return false;
}

static enum ag_err check_secret(struct ag_str secret)
{
    if (secret.len < AG_JWT_SECRET_MIN_BYTES)
        return ag_fail(AG_E_CONFIG,
                       "JWT_SECRET has %zu bytes and needs at least %d: leave it unset to have one "
                       "made, or use the output of `openssl rand -base64 48`",
                       secret.len, AG_JWT_SECRET_MIN_BYTES);
    if (is_repetition(secret) || has_known_word(secret))
        return ag_fail(AG_E_CONFIG,
                       "JWT_SECRET is a well-known or easily guessed one: leave it unset to have "
                       "one made, or use the output of `openssl rand -base64 48`");
    return AG_OK;
}

enum ag_err ag_jwt_key_new(struct ag_str secret, struct ag_jwt_key **ret_key)
{
    AG_TRY(check_secret(secret));

    struct ag_jwt_key *key = calloc(1, sizeof(*key));
    if (!key) return ag_fail(AG_E_NO_MEMORY, "no memory for the signing key");
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    key->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    if (key->algorithm) key->keyed = EVP_MAC_CTX_new(key->algorithm);
    if (!key->keyed ||
        !EVP_MAC_init(key->keyed, (const uint8_t *)secret.data, secret.len, params)) {
        ag_jwt_key_free(key);
        return ag_fail(AG_E_NO_MEMORY, "HMAC-SHA256 cannot be set up");
    }
    *ret_key = key;
    return AG_OK;
}

void ag_jwt_key_free(struct ag_jwt_key *key)
{
    if (!key) return;
    EVP_MAC_CTX_free(key->keyed);
    EVP_MAC_free(key->algorithm);
    free(key);
}

/* The signature over `text` as it stands in a token, and NUL. */
static enum ag_err sign_text(const struct ag_jwt_key *key, struct ag_str text,
                             char out[MAC_CHARS + 1])
{
    uint8_t mac[MAC_BYTES];
    size_t n = 0;
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(key->keyed);
    bool ok = ctx && EVP_MAC_update(ctx, (const uint8_t *)text.data, text.len) &&
              EVP_MAC_final(ctx, mac, &n, sizeof(mac));
    EVP_MAC_CTX_free(ctx);
    if (!ok || n != sizeof(mac)) return ag_fail(AG_E_NO_MEMORY, "no memory for a signature");
    sodium_bin2base64(out, MAC_CHARS + 1, mac, sizeof(mac),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return AG_OK;
}

/* ---- signing ---- */

enum ag_err ag_jwt_sign(const struct ag_jwt_key *key, const struct ag_jwt_claims *claims,
                        struct ag_arena *arena, struct ag_str *ret_token)
{
    char payload[256], sub[AG_UUID_TEXT_BYTES], jti[AG_UUID_TEXT_BYTES];
    ag_uuid_format(claims->user_id, sub);
    ag_uuid_format(claims->session_id, jti);
    int n = snprintf(payload, sizeof(payload),
                     "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"%s\",\"jti\":\"%s\","
                     "\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}",
                     PARTY, PARTY, sub, jti, claims->issued_at_s, claims->expires_at_s);
    AG_ASSERT(n > 0 && (size_t)n < sizeof(payload));

    size_t payload_chars =
        sodium_base64_encoded_len((size_t)n, sodium_base64_VARIANT_URLSAFE_NO_PADDING) - 1;
    size_t len = HEADER_CHARS + payload_chars + 1 + MAC_CHARS;
    char *token = ag_arena_alloc(arena, len + 1);
    if (!token) return ag_fail(AG_E_NO_MEMORY, "no memory for a token");

    memcpy(token, HEADER, HEADER_CHARS);
    sodium_bin2base64(token + HEADER_CHARS, payload_chars + 1, (const uint8_t *)payload, (size_t)n,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    size_t signed_len = HEADER_CHARS + payload_chars;
    AG_TRY(sign_text(key, ag_str_n(token, signed_len), token + signed_len + 1));
    token[signed_len] = '.';
    *ret_token = ag_str_n(token, len);
    return AG_OK;
}

/* ---- verifying ---- */

enum { CLAIM_ISS, CLAIM_AUD, CLAIM_SUB, CLAIM_JTI, CLAIM_IAT, CLAIM_EXP, CLAIM_COUNT };
static const char *const claim_names[CLAIM_COUNT] = {"iss", "aud", "sub", "jti", "iat", "exp"};

static bool read_party(yyjson_val *value)
{
    return yyjson_equals_str(value, PARTY);
}

static bool read_id(yyjson_val *value, struct ag_uuid *ret_id)
{
    struct ag_uuid id;
    if (!yyjson_is_str(value)) return false;
    if (ag_uuid_parse(ag_str_n(yyjson_get_str(value), yyjson_get_len(value)), &id) != AG_OK)
        return false;
    if (ag_uuid_is_nil(id)) return false;
    *ret_id = id;
    return true;
}

/* Whole seconds since 1970; RFC 7519 allows fractions, we issue none. */
static bool read_seconds(yyjson_val *value, int64_t *ret_seconds)
{
    if (!yyjson_is_uint(value) || yyjson_get_uint(value) > INT64_MAX) return false;
    *ret_seconds = (int64_t)yyjson_get_uint(value);
    return true;
}

static bool read_claim(int claim, yyjson_val *value, struct ag_jwt_claims *claims)
{
    switch (claim) {
    case CLAIM_ISS:
    case CLAIM_AUD:
        return read_party(value);
    case CLAIM_SUB:
        return read_id(value, &claims->user_id);
    case CLAIM_JTI:
        return read_id(value, &claims->session_id);
    case CLAIM_IAT:
        return read_seconds(value, &claims->issued_at_s);
    case CLAIM_EXP:
        return read_seconds(value, &claims->expires_at_s);
    default:
        return false; /* a claim we do not issue */
    }
}

static int find_claim(yyjson_val *name)
{
    for (int i = 0; i < CLAIM_COUNT; i++)
        if (yyjson_equals_str(name, claim_names[i])) return i;
    return CLAIM_COUNT;
}

/* Exactly the claims we issue, each once. */
static bool read_claims(yyjson_val *root, struct ag_jwt_claims *claims)
{
    if (!yyjson_is_obj(root) || yyjson_obj_size(root) != CLAIM_COUNT) return false;
    unsigned seen = 0;
    size_t i, count;
    yyjson_val *name, *value;
    yyjson_obj_foreach(root, i, count, name, value)
    {
        int claim = find_claim(name);
        if (!read_claim(claim, value, claims)) return false;
        seen |= 1U << claim;
    }
    /* As many members as claims and every claim among them: none came twice. */
    return seen == (1U << CLAIM_COUNT) - 1;
}

static enum ag_err parse_payload(struct ag_str text, struct ag_jwt_claims *claims)
{
    char payload[PAYLOAD_MAX_BYTES + 1];
    size_t n;
    /* Strict: no padding, no white space, no bits left over in the last character. */
    if (sodium_base642bin((uint8_t *)payload, sizeof(payload), text.data, text.len, NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return ag_fail(AG_E_UNAUTHENTICATED, "the token's payload is not base64url");

    /* The document lives on the stack: a token costs no heap. */
    char memory[PARSE_BYTES];
    AG_ASSERT(yyjson_read_max_memory_usage(n, YYJSON_READ_NOFLAG) <= sizeof(memory));
    yyjson_alc pool;
    if (!yyjson_alc_pool_init(&pool, memory, sizeof(memory)))
        return ag_fail(AG_E_INTERNAL, "no room to parse a token");
    yyjson_doc *doc = yyjson_read_opts(payload, n, YYJSON_READ_NOFLAG, &pool, NULL);
    bool ok = doc && read_claims(yyjson_doc_get_root(doc), claims);
    yyjson_doc_free(doc);
    return ok ? AG_OK : ag_fail(AG_E_UNAUTHENTICATED, "the token's claims are not ours");
}

enum ag_err ag_jwt_verify(const struct ag_jwt_key *key, struct ag_str token, int64_t now_s,
                          struct ag_jwt_claims *ret_claims)
{
    /* Every length but the payload's is fixed, so the parts need no search. */
    if (token.len <= HEADER_CHARS + 1 + MAC_CHARS || token.len > AG_JWT_MAX_BYTES ||
        memcmp(token.data, HEADER, HEADER_CHARS) != 0 ||
        token.data[token.len - MAC_CHARS - 1] != '.')
        return ag_fail(AG_E_UNAUTHENTICATED, "the token is not one that this server issues");

    /* Comparing the encoded form leaves the signature exactly one spelling. */
    struct ag_str text = ag_str_n(token.data, token.len - MAC_CHARS - 1);
    char signature[MAC_CHARS + 1];
    AG_TRY(sign_text(key, text, signature));
    if (sodium_memcmp(signature, token.data + token.len - MAC_CHARS, MAC_CHARS) != 0)
        return ag_fail(AG_E_UNAUTHENTICATED, "the token's signature is wrong");

    struct ag_jwt_claims claims;
    AG_TRY(parse_payload(ag_str_n(text.data + HEADER_CHARS, text.len - HEADER_CHARS), &claims));
    if (claims.issued_at_s > now_s + LEEWAY_S)
        return ag_fail(AG_E_UNAUTHENTICATED, "the token was issued in the future");
    if (claims.expires_at_s <= now_s) return ag_fail(AG_E_TOKEN_EXPIRED, "the token has expired");
    *ret_claims = claims;
    return AG_OK;
}
