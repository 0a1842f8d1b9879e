/* What identity providers send. The first byte says what it is; the fuzzer cannot guess a
 * signature, so headers and claims of ID tokens are signed here. Whatever is accepted keeps its
 * promises. */
#include "auth/oidc.h"
#include "base/fields.h"
#include "fuzz.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <sodium.h>

#define ISSUER "https://id.example.com"
static const char HEADER[] = "{\"alg\":\"ES256\",\"kid\":\"e\"}";
static const char CLAIMS[] = "{\"iss\":\"" ISSUER "\",\"aud\":\"c\",\"sub\":\"s\",\"nonce\":\"n\","
                             "\"iat\":1760000000,\"exp\":1760000300}";
enum { BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING, TEXT_MAX = 8192 };

static EVP_PKEY *key;
static struct ag_arena lasting;
static struct ag_oidc_keys keys;

static struct ag_str base64url(struct ag_arena *arena, const void *bytes, size_t len)
{
    size_t room = sodium_base64_encoded_len(len, BASE64URL);
    char *text = ag_arena_alloc(arena, room);
    FUZZ_CHECK(text != NULL);
    sodium_bin2base64(text, room, bytes, len, BASE64URL);
    return ag_str_n(text, room - 1);
}

static struct ag_str coordinate(const char *name)
{
    BIGNUM *n = NULL;
    uint8_t bytes[32];
    FUZZ_CHECK(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    BN_bn2binpad(n, bytes, sizeof(bytes));
    BN_free(n);
    return base64url(&lasting, bytes, sizeof(bytes));
}

static void make_key(void)
{
    ag_arena_init(&lasting);
    key = EVP_EC_gen("P-256");
    struct ag_str set = ag_arena_printf(&lasting,
                                        "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-"
                                        "256\",\"x\":\"%.*s\",\"y\":\"%.*s\"}]}",
                                        AG_STR_ARG(coordinate(OSSL_PKEY_PARAM_EC_PUB_X)),
                                        AG_STR_ARG(coordinate(OSSL_PKEY_PARAM_EC_PUB_Y)));
    FUZZ_CHECK(ag_oidc_keys_parse(set, &lasting, &keys) == AG_OK);
}

static struct ag_str sign(struct ag_arena *arena, struct ag_str header, struct ag_str claims)
{
    uint8_t der[128], raw[64];
    size_t len = sizeof(der);
    struct ag_str head = base64url(arena, header.data, header.len);
    struct ag_str body = base64url(arena, claims.data, claims.len);
    struct ag_str text = ag_arena_printf(arena, "%.*s.%.*s", AG_STR_ARG(head), AG_STR_ARG(body));
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    FUZZ_CHECK(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1);
    FUZZ_CHECK(EVP_DigestSign(ctx, der, &len, (const uint8_t *)text.data, text.len) == 1);
    EVP_MD_CTX_free(ctx);
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    return ag_arena_printf(arena, "%.*s.%.*s", AG_STR_ARG(text),
                           AG_STR_ARG(base64url(arena, raw, sizeof(raw))));
}

/* ---- what accepted documents promise ---- */

static void check_text(struct ag_str text, size_t max)
{
    FUZZ_CHECK(text.len <= max && ag_utf8_valid(text));
    for (size_t i = 0; i < text.len; i++)
        FUZZ_CHECK((unsigned char)text.data[i] >= ' ' && text.data[i] != 0x7f);
}

static void check_identity(const struct ag_oidc_identity *identity)
{
    check_text(identity->subject, AG_OIDC_SUBJECT_MAX_BYTES);
    FUZZ_CHECK(identity->subject.len > 0);
    check_text(identity->name, 400);
    FUZZ_CHECK(ag_utf8_length(identity->name) <= 100);
    FUZZ_CHECK(identity->email.len == 0 || ag_is_email(identity->email));
}

static void check_token(struct ag_arena *arena, struct ag_str token)
{
    const struct ag_oidc_expected expected = {.issuer = AG_STR(ISSUER),
                                              .client_id = AG_STR("c"),
                                              .nonce = AG_STR("n"),
                                              .now_s = 1760000000,
                                              .signed_in_since_s = 1760000000};
    struct ag_oidc_identity identity;
    if (ag_oidc_verify(&keys, token, &expected, arena, &identity) == AG_OK)
        check_identity(&identity);
}

static void check_metadata(struct ag_arena *arena, struct ag_str json)
{
    struct ag_oidc_metadata m;
    if (ag_oidc_metadata_parse(json, AG_STR(ISSUER), arena, &m) != AG_OK) return;
    FUZZ_CHECK(ag_str_eq(m.issuer, AG_STR(ISSUER)));
    FUZZ_CHECK(ag_oidc_check_url(m.authorization_endpoint, false) == AG_OK);
    FUZZ_CHECK(ag_oidc_check_url(m.token_endpoint, false) == AG_OK);
    FUZZ_CHECK(ag_oidc_check_url(m.jwks_uri, false) == AG_OK);
    FUZZ_CHECK(m.userinfo_endpoint.len == 0 ||
               ag_oidc_check_url(m.userinfo_endpoint, false) == AG_OK);
}

/* A key that was written here is read here, as the same. */
static void check_keys(struct ag_arena *arena, struct ag_str json)
{
    struct ag_oidc_keys set, again;
    if (ag_oidc_keys_parse(json, arena, &set) != AG_OK) return;
    FUZZ_CHECK(set.count >= 1 && set.count <= AG_OIDC_MAX_KEYS);
    for (size_t i = 0; i < set.count; i++) {
        check_text(set.items[i].kid, 255);
        struct ag_str one = ag_arena_printf(arena, "{\"keys\":[%.*s]}",
                                            AG_STR_ARG(set.items[i].jwk));
        FUZZ_CHECK(ag_oidc_keys_parse(one, arena, &again) == AG_OK);
        FUZZ_CHECK(ag_str_eq(again.items[0].jwk, set.items[i].jwk));
        FUZZ_CHECK(again.items[0].alg == set.items[i].alg);
    }
    /* libcjose gets to see what was taken, whatever it makes of it. */
    const struct ag_oidc_expected expected = {.issuer = AG_STR(ISSUER),
                                              .client_id = AG_STR("c"),
                                              .nonce = AG_STR("n"),
                                              .now_s = 1760000000};
    struct ag_oidc_identity identity;
    struct ag_str token = sign(arena, AG_STR("{\"alg\":\"ES256\"}"), ag_str(CLAIMS));
    (void)!ag_oidc_verify(&set, token, &expected, arena, &identity);
}

static void check_reply(struct ag_arena *arena, struct ag_str json)
{
    struct ag_oidc_tokens tokens;
    if (ag_oidc_tokens_parse(json, arena, &tokens) != AG_OK) return;
    FUZZ_CHECK(tokens.access_token.len > 0);
    check_text(tokens.access_token, 8 * 1024);
    check_text(tokens.id_token, AG_OIDC_TOKEN_MAX_BYTES);
}

static void check(struct ag_arena *arena, char kind, struct ag_str input)
{
    struct ag_oidc_identity identity = {.email = AG_STR("")};
    switch (kind) {
    case 'D':
        check_metadata(arena, input);
        return;
    case 'K':
        check_keys(arena, input);
        return;
    case 'R':
        check_reply(arena, input);
        return;
    case 'U':
        if (ag_oidc_userinfo_parse(input, AG_STR("s"), arena, &identity) == AG_OK)
            check_identity(&identity);
        return;
    case 'G':
        if (ag_github_user_parse(input, arena, &identity) == AG_OK) check_identity(&identity);
        return;
    case 'E':
        if (ag_github_emails_parse(input, arena, &identity) == AG_OK)
            FUZZ_CHECK(identity.email.len == 0 || ag_is_email(identity.email));
        return;
    case 'C':
        check_token(arena, sign(arena, ag_str(HEADER), input));
        return;
    case 'H':
        check_token(arena, sign(arena, input, ag_str(CLAIMS)));
        return;
    case 'L':
        (void)!ag_oidc_check_url(input, true);
        return;
    default:
        check_token(arena, input);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TEXT_MAX) return -1;
    if (!key) make_key();
    struct ag_arena arena;
    ag_arena_init(&arena);
    check(&arena, (char)data[0], ag_str_n((const char *)data + 1, size - 1));
    ag_arena_done(&arena);
    return 0;
}
