/* Tokens: whatever a client presents is refused or is one of ours; what was once accepted is
 * accepted again after it was signed anew. The fuzzer cannot guess a signature, so an input that
 * begins with '{' is a payload, and one that begins with '.' the text of one in base64url: both get
 * the right header and a right signature. Everything else is a token as it stands. */
#include "auth/auth.h"
#include "fuzz.h"

#include <sodium.h>

#define SECRET "Zk3v9QmT4xWc7sLr2yHd8pNb5gJf6aUe"
static const char HEADER[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9";
static const int64_t NOW = 1760000000;
enum { BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING, TEXT_MAX = 8192 };

static struct ag_jwt_key *key;

/* `text` with the signature after it, by code that is not under test. */
static struct ag_str add_signature(struct ag_arena *arena, struct ag_str text)
{
    crypto_auth_hmacsha256_state hmac;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    char mac_text[64];
    crypto_auth_hmacsha256_init(&hmac, (const uint8_t *)SECRET, sizeof(SECRET) - 1);
    crypto_auth_hmacsha256_update(&hmac, (const uint8_t *)text.data, text.len);
    crypto_auth_hmacsha256_final(&hmac, mac);
    sodium_bin2base64(mac_text, sizeof(mac_text), mac, sizeof(mac), BASE64URL);
    return ag_arena_printf(arena, "%.*s.%s", AG_STR_ARG(text), mac_text);
}

static struct ag_str as_token(struct ag_arena *arena, struct ag_str input)
{
    if (ag_str_starts_with(input, AG_STR("{"))) {
        char body[TEXT_MAX * 4 / 3 + 8];
        sodium_bin2base64(body, sizeof(body), (const uint8_t *)input.data, input.len, BASE64URL);
        return add_signature(arena, ag_arena_printf(arena, "%s.%s", HEADER, body));
    }
    if (ag_str_starts_with(input, AG_STR(".")))
        return add_signature(arena, ag_arena_printf(arena, "%s%.*s", HEADER, AG_STR_ARG(input)));
    return input;
}

static void check(struct ag_arena *arena, struct ag_str token)
{
    struct ag_jwt_claims claims, again;
    enum ag_err err = ag_jwt_verify(key, token, NOW, &claims);
    FUZZ_CHECK(err == AG_OK || err == AG_E_UNAUTHENTICATED || err == AG_E_TOKEN_EXPIRED);
    if (err != AG_OK) return;

    FUZZ_CHECK(claims.expires_at_s > NOW);
    FUZZ_CHECK(claims.issued_at_s >= 0 && claims.issued_at_s <= NOW + 60);
    FUZZ_CHECK(!ag_uuid_is_nil(claims.user_id) && !ag_uuid_is_nil(claims.session_id));
    struct ag_str ours;
    FUZZ_CHECK(ag_jwt_sign(key, &claims, arena, &ours) == AG_OK);
    FUZZ_CHECK(ag_jwt_verify(key, ours, NOW, &again) == AG_OK);
    FUZZ_CHECK(ag_uuid_eq(claims.user_id, again.user_id));
    FUZZ_CHECK(ag_uuid_eq(claims.session_id, again.session_id));
    FUZZ_CHECK(claims.issued_at_s == again.issued_at_s);
    FUZZ_CHECK(claims.expires_at_s == again.expires_at_s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX) return -1;
    if (!key) FUZZ_CHECK(ag_jwt_key_new(AG_STR(SECRET), &key) == AG_OK);
    struct ag_str input = ag_str_n((const char *)data, size);
    struct ag_arena arena;
    ag_arena_init(&arena);
    check(&arena, as_token(&arena, input));
    (void)ag_is_api_key(input);
    if (ag_password_problem(input) == NULL) FUZZ_CHECK(size >= AG_PASSWORD_MIN);
    ag_arena_done(&arena);
    return 0;
}
