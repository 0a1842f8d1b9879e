/* What identity providers say of themselves, and ID tokens, signed here with keys made here, one
 * thing wrong at a time. */
#include "test_help.h"

#include "auth/oidc.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <sodium.h>
#include <sys/mman.h>

#define ISSUER "https://id.example.com"
#define CLIENT "client-1"
#define NONCE  "n-0S6_WzA2Mj"
static const int64_t NOW = 1760000000;
enum { BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING };

static struct ag_arena arena;

/* ---- keys and signatures, by code that is not under test ---- */

static EVP_PKEY *rsa, *ec, *other_rsa, *p384;

static struct ag_str base64url(const void *bytes, size_t len)
{
    size_t room = sodium_base64_encoded_len(len, BASE64URL);
    char *text = ag_arena_alloc(&arena, room);
    sodium_bin2base64(text, room, bytes, len, BASE64URL);
    return ag_str_n(text, room - 1);
}

static struct ag_str number(EVP_PKEY *key, const char *name, int width)
{
    BIGNUM *n = NULL;
    uint8_t bytes[1024];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
    int len = width ? BN_bn2binpad(n, bytes, width) : BN_bn2bin(n, bytes);
    BN_free(n);
    assert_true(len > 0);
    return base64url(bytes, (size_t)len);
}

static struct ag_str rsa_jwk(EVP_PKEY *key, const char *more)
{
    return ag_arena_printf(&arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"%s}",
                           AG_STR_ARG(number(key, OSSL_PKEY_PARAM_RSA_N, 0)),
                           AG_STR_ARG(number(key, OSSL_PKEY_PARAM_RSA_E, 0)), more);
}

static struct ag_str ec_jwk(EVP_PKEY *key, const char *curve, int width, const char *more)
{
    return ag_arena_printf(&arena,
                           "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}", curve,
                           AG_STR_ARG(number(key, OSSL_PKEY_PARAM_EC_PUB_X, width)),
                           AG_STR_ARG(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, width)), more);
}

static struct ag_str sign_raw(EVP_PKEY *key, struct ag_str text)
{
    uint8_t der[1100], raw[64];
    size_t len = sizeof(der);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_DigestSign(ctx, der, &len, (const uint8_t *)text.data, text.len), 1);
    EVP_MD_CTX_free(ctx);
    if (EVP_PKEY_is_a(key, "RSA")) return base64url(der, len);
    const uint8_t *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    return base64url(raw, sizeof(raw));
}

static struct ag_str token_of(EVP_PKEY *key, const char *header, struct ag_str claims)
{
    struct ag_str head = base64url(header, strlen(header));
    struct ag_str text = ag_arena_printf(&arena, "%.*s.%.*s", AG_STR_ARG(head),
                                         AG_STR_ARG(base64url(claims.data, claims.len)));
    return ag_arena_printf(&arena, "%.*s.%.*s", AG_STR_ARG(text), AG_STR_ARG(sign_raw(key, text)));
}

/* The claims of a good token without the one called `without`, and `more` at the end. */
static struct ag_str claims_of(const char *without, const char *more)
{
    static const char *const claims[][2] = {
        {"iss", "\"" ISSUER "\""},   {"aud", "\"" CLIENT "\""}, {"sub", "\"person-1\""},
        {"nonce", "\"" NONCE "\""},  {"iat", "1759999990"},     {"exp", "1760000300"},
        {"email", "\"Ada@b.test\""}, {"name", "\"Ada\""},       {"email_verified", "true"},
    };
    struct ag_buf text;
    ag_buf_init(&text, &arena, 64 * 1024);
    ag_buf_append_char(&text, '{');
    for (size_t i = 0; i < AG_COUNT(claims); i++) {
        if (strcmp(claims[i][0], without) == 0) continue;
        ag_buf_printf(&text, "%s\"%s\":%s", text.len > 1 ? "," : "", claims[i][0], claims[i][1]);
    }
    ag_buf_printf(&text, "%s}", more);
    assert_ok(ag_buf_err(&text));
    return ag_buf_str(&text);
}

#define RS_HEADER "{\"alg\":\"RS256\",\"kid\":\"r\"}"
#define ES_HEADER "{\"alg\":\"ES256\",\"kid\":\"e\"}"

static struct ag_oidc_keys keys; /* "r" and "e" */

static struct ag_oidc_expected expected(void)
{
    return (struct ag_oidc_expected){.issuer = AG_STR(ISSUER),
                                     .client_id = AG_STR(CLIENT),
                                     .nonce = AG_STR(NONCE),
                                     .now_s = NOW,
                                     .tells_auth_time = true};
}

static enum ag_err verify(struct ag_str token)
{
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity identity;
    return ag_oidc_verify(&keys, token, &e, &arena, &identity);
}

static int setup(void **state)
{
    ag_arena_init(&arena);
    rsa = EVP_RSA_gen(2048);
    other_rsa = EVP_RSA_gen(2048);
    ec = EVP_EC_gen("P-256");
    p384 = EVP_EC_gen("P-384");
    struct ag_str set = ag_arena_printf(&arena, "{\"keys\":[%.*s,%.*s]}",
                                        AG_STR_ARG(rsa_jwk(rsa, ",\"kid\":\"r\"")),
                                        AG_STR_ARG(ec_jwk(ec, "P-256", 32, ",\"kid\":\"e\"")));
    return ag_oidc_keys_parse(set, &arena, &keys) == AG_OK ? 0 : -1;
}

static int teardown(void **state)
{
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(other_rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(p384);
    ag_arena_done(&arena);
    return 0;
}

/* ---- addresses ---- */

static void secrets_are_sent_over_tls(void **state)
{
    static const struct {
        const char *url;
        bool https, local;
    } cases[] = {
        {"https://id.example.com", true, true},
        {"HTTPS://id.example.com/x?y=1", true, true},
        {"http://id.example.com", false, false},
        {"http://localhost:9", false, true},
        {"http://127.0.0.1", false, true},
        {"http://127.9.8.7:1/x", false, true},
        {"http://[::1]:9", false, true},
        {"http://127.0.0.1.evil.test", false, false},
        {"http://localhost.evil.test", false, false},
        {"http://[::2]", false, false},
        {"http://10.0.0.1", false, false},
        {"http://1270.0.1", false, false},
        {"http://127.1", false, false},
        {"https://a@id.example.com", false, false},
        {"https://id.example.com#x", false, false},
        {"https:id.example.com", false, false},
        {"javascript:alert(1)", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < AG_COUNT(cases); i++) {
        struct ag_str url = ag_str(cases[i].url);
        if ((ag_oidc_check_url(url, false) == AG_OK) != cases[i].https ||
            (ag_oidc_check_url(url, true) == AG_OK) != cases[i].local)
            fail_msg("%s", cases[i].url);
    }
    char longest[AG_OIDC_URL_MAX_BYTES + 2];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest, "https://id/", 11);
    assert_ok(ag_oidc_check_url(ag_str_n(longest, AG_OIDC_URL_MAX_BYTES), false));
    assert_int_equal(ag_oidc_check_url(ag_str_n(longest, sizeof(longest) - 1), false),
                     AG_E_EGRESS_DENIED);
}

/* ---- discovery ---- */

#define DOCUMENT(issuer, more)                                                                     \
    "{\"issuer\":\"" issuer "\",\"authorization_endpoint\":\"" issuer "/a\","                      \
    "\"token_endpoint\":\"" issuer "/t\",\"jwks_uri\":\"https://keys.example.com/k\"" more "}"

static enum ag_err read_metadata(const char *json, const char *issuer,
                                 struct ag_oidc_metadata *metadata)
{
    return ag_oidc_metadata_parse(ag_str(json), ag_str(issuer), &arena, metadata);
}

static void discovery_documents_are_read(void **state)
{
    struct ag_str url;
    struct ag_oidc_metadata m;
    assert_ok(ag_oidc_discovery_url(AG_STR(ISSUER), &arena, &url));
    assert_str(url, ISSUER "/.well-known/openid-configuration");
    assert_ok(ag_oidc_discovery_url(AG_STR(ISSUER "/realms/x/"), &arena, &url));
    assert_str(url, ISSUER "/realms/x/.well-known/openid-configuration");

    assert_ok(read_metadata(DOCUMENT(ISSUER, ""), ISSUER, &m));
    assert_str(m.token_endpoint, ISSUER "/t");
    assert_str(m.userinfo_endpoint, "");
    assert_false(m.secret_in_body);
    assert_false(m.says_issuer);
    assert_ok(read_metadata(
        DOCUMENT(ISSUER, ",\"userinfo_endpoint\":\"" ISSUER "/u\","
                         "\"token_endpoint_auth_methods_supported\":[\"x\",\"client_secret_post\"],"
                         "\"authorization_response_iss_parameter_supported\":true,"
                         "\"id_token_signing_alg_values_supported\":[\"PS256\",\"ES256\"]"),
        ISSUER, &m));
    assert_true(m.secret_in_body && m.says_issuer);
    assert_str(m.userinfo_endpoint, ISSUER "/u");
    assert_ok(read_metadata(DOCUMENT("http://127.0.0.1:9", ""), "http://127.0.0.1:9", &m));
}

static void discovery_documents_of_others_are_refused(void **state)
{
    struct ag_oidc_metadata m;
    static const char *const bad[] = {
        DOCUMENT("https://id.example.com/", ""),
        DOCUMENT("https://ID.example.com", ""),
        DOCUMENT(ISSUER, ",\"issuer\":\"" ISSUER "\""),
        DOCUMENT(ISSUER, ",\"userinfo_endpoint\":\"http://id.example.com/u\""),
        DOCUMENT(ISSUER, ",\"userinfo_endpoint\":\"http://127.0.0.1/u\""),
        DOCUMENT(ISSUER, ",\"userinfo_endpoint\":\"\""),
        DOCUMENT(ISSUER, ",\"userinfo_endpoint\":[\"" ISSUER "\"]"),
        DOCUMENT(ISSUER, ",\"token_endpoint_auth_methods_supported\":[]"),
        DOCUMENT(ISSUER, ",\"token_endpoint_auth_methods_supported\":[\"none\"]"),
        DOCUMENT(ISSUER, ",\"id_token_signing_alg_values_supported\":[\"HS256\"]"),
        "{\"issuer\":\"" ISSUER "\"}",
        "[]",
        "null",
        "",
        "{",
        "<html>",
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (read_metadata(bad[i], ISSUER, &m) != AG_E_UPSTREAM_INVALID) fail_msg("%s", bad[i]);
    char *huge = calloc(1, AG_OIDC_DOCUMENT_MAX_BYTES + 1);
    assert_int_equal(ag_oidc_metadata_parse(ag_str_n(huge, AG_OIDC_DOCUMENT_MAX_BYTES + 1),
                                            AG_STR(ISSUER), &arena, &m),
                     AG_E_UPSTREAM_TOO_LARGE);
    memset(huge, '[', AG_OIDC_DOCUMENT_MAX_BYTES);
    assert_int_equal(ag_oidc_metadata_parse(ag_str_n(huge, AG_OIDC_DOCUMENT_MAX_BYTES),
                                            AG_STR(ISSUER), &arena, &m),
                     AG_E_UPSTREAM_INVALID);
    free(huge);
}

/* ---- key sets ---- */

static enum ag_err read_keys(struct ag_str list, struct ag_oidc_keys *set)
{
    return ag_oidc_keys_parse(ag_arena_printf(&arena, "{\"keys\":[%.*s]}", AG_STR_ARG(list)),
                              &arena, set);
}

static void keys_for_signatures_are_taken(void **state)
{
    struct ag_oidc_keys set;
    assert_ok(read_keys(rsa_jwk(rsa, ",\"use\":\"sig\",\"alg\":\"RS256\",\"kid\":\"k\","
                                     "\"key_ops\":[\"verify\"],\"x5c\":[\"MII\"],\"d\":\"x\""),
                        &set));
    assert_int_equal(set.count, 1);
    assert_int_equal(set.items[0].alg, AG_OIDC_RS256);
    assert_str(set.items[0].kid, "k");
    /* Nothing of the set goes on but the public numbers. */
    assert_true(ag_str_eq(set.items[0].jwk, rsa_jwk(rsa, "")));
    assert_ok(read_keys(ec_jwk(ec, "P-256", 32, ",\"alg\":\"ES256\""), &set));
    assert_int_equal(set.items[0].alg, AG_OIDC_ES256);
    assert_int_equal(set.items[0].kid.len, 0);

    struct ag_str one = rsa_jwk(rsa, ""), many = AG_STR("{},7,null,{\"kty\":\"oct\",\"k\":\"x\"}");
    for (int i = 0; i < 40; i++)
        many = ag_arena_printf(&arena, "%.*s,%.*s", AG_STR_ARG(many), AG_STR_ARG(one));
    assert_ok(read_keys(many, &set));
    assert_int_equal(set.count, AG_OIDC_MAX_KEYS);
}

static void other_keys_are_passed_over(void **state)
{
    struct ag_oidc_keys set;
    struct ag_str good = rsa_jwk(rsa, "");
    EVP_PKEY *weak = EVP_RSA_gen(1024);
    const struct ag_str bad[] = {
        rsa_jwk(rsa, ",\"use\":\"enc\""),
        rsa_jwk(rsa, ",\"use\":7"),
        rsa_jwk(rsa, ",\"alg\":\"RS512\""),
        rsa_jwk(rsa, ",\"alg\":\"PS256\""),
        rsa_jwk(rsa, ",\"key_ops\":[\"encrypt\"]"),
        rsa_jwk(rsa, ",\"kty\":\"RSA\""),
        rsa_jwk(rsa, ",\"kid\":\"\""),
        rsa_jwk(rsa, ",\"kid\":7"),
        rsa_jwk(weak, ""),
        ec_jwk(ec, "P-256", 32, ",\"alg\":\"RS256\""),
        ec_jwk(ec, "P-384", 32, ""),
        ec_jwk(p384, "P-384", 48, ""),
        ec_jwk(p384, "P-256", 48, ""),
        AG_STR("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}"),
        AG_STR("{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}"),
        AG_STR("{\"kty\":\"RSA\"}"),
        AG_STR("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}"),
        AG_STR("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}"),
        AG_STR("7"),
    };
    EVP_PKEY_free(weak);
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        if (read_keys(bad[i], &set) != AG_E_UPSTREAM_INVALID) fail_msg("%s", bad[i].data);
        assert_ok(read_keys(ag_arena_printf(&arena, "%s,%s", bad[i].data, good.data), &set));
        assert_int_equal(set.count, 1);
    }
    static const char *const sets[] = {"{}", "[]", "{\"keys\":{}}", "{\"keys\":[],\"keys\":[]}"};
    for (size_t i = 0; i < AG_COUNT(sets); i++)
        assert_int_equal(ag_oidc_keys_parse(ag_str(sets[i]), &arena, &set), AG_E_UPSTREAM_INVALID);
}

/* The numbers of an RSA key with `n` and `e` as they are given. */
static bool takes_numbers(const uint8_t *n, size_t n_len, const char *e)
{
    struct ag_oidc_keys set;
    return read_keys(ag_arena_printf(&arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%s\"}",
                                     AG_STR_ARG(base64url(n, n_len)), e),
                     &set) == AG_OK;
}

static void weak_numbers_are_refused(void **state)
{
    uint8_t n[1026];
    memset(n, 0xff, sizeof(n));
    assert_true(takes_numbers(n, 256, "AQAB"));
    assert_true(takes_numbers(n, 1024, "Aw")); /* 3 */
    assert_false(takes_numbers(n, 255, "AQAB"));
    assert_false(takes_numbers(n, 1025, "AQAB"));
    assert_false(takes_numbers(n, 256, "AQ"));       /* 1: every text is its own signature */
    assert_false(takes_numbers(n, 256, "AA"));       /* 0 */
    assert_false(takes_numbers(n, 256, "Ag"));       /* 2 */
    assert_false(takes_numbers(n, 256, ""));         /* none */
    assert_false(takes_numbers(n, 256, "AAEAAQ"));   /* zeros in front */
    assert_false(takes_numbers(n, 256, "AQAAAAEB")); /* more than 32 bits */
    assert_false(takes_numbers(n, 256, "AQAB="));
    assert_false(takes_numbers(n, 256, "AQA B"));
    n[0] = 0x7f; /* 2047 bits */
    assert_false(takes_numbers(n, 256, "AQAB"));
    n[0] = 0;
    assert_false(takes_numbers(n, 257, "AQAB"));
    n[0] = 0xff;
    n[255] = 0xfe; /* even */
    assert_false(takes_numbers(n, 256, "AQAB"));
}

/* ---- ID tokens ---- */

static void good_tokens_tell_who_it_is(void **state)
{
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity who;
    struct ag_str claims = claims_of("", "");
    assert_ok(ag_oidc_verify(&keys, token_of(rsa, RS_HEADER, claims), &e, &arena, &who));
    assert_str(who.subject, "person-1");
    assert_str(who.email, "Ada@b.test");
    assert_str(who.name, "Ada");
    assert_true(who.email_verified && who.says_email);
    assert_ok(ag_oidc_verify(&keys, token_of(ec, ES_HEADER, claims), &e, &arena, &who));
    claims = claims_of("email", ",\"email_verified\":false");
    assert_int_equal(verify(token_of(rsa, RS_HEADER, claims)), AG_E_UPSTREAM_INVALID); /* twice */
    claims = claims_of("email_verified", ",\"email_verified\":\"true\"");
    assert_ok(ag_oidc_verify(&keys, token_of(rsa, RS_HEADER, claims), &e, &arena, &who));
    assert_true(who.email_verified);
    static const char *const no[] = {"false", "\"false\"", "\"TRUE\"", "1", "null", "[true]"};
    for (size_t i = 0; i < AG_COUNT(no); i++) {
        claims = claims_of("email_verified",
                           ag_arena_printf(&arena, ",\"email_verified\":%s", no[i]).data);
        assert_ok(ag_oidc_verify(&keys, token_of(rsa, RS_HEADER, claims), &e, &arena, &who));
        assert_false(who.email_verified);
    }
    claims = claims_of("email", "");
    assert_ok(ag_oidc_verify(&keys, token_of(rsa, RS_HEADER, claims), &e, &arena, &who));
    assert_false(who.says_email);
    assert_str(who.email, "");
}

static void good_headers_are_taken(void **state)
{
    struct ag_str claims = claims_of("", "");
    static const char *const good[] = {
        "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"r\"}",
        "{\"typ\":\"jwt\",\"alg\":\"RS256\"}", /* the set has one RSA key */
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"x5t\":\"abc\",\"x5c\":[\"MII\",\"MII\"],\"n\":null}",
        " { \"\\u0061lg\" : \"RS256\" , \"kid\" : \"r\" } ",
    };
    for (size_t i = 0; i < AG_COUNT(good); i++)
        if (verify(token_of(rsa, good[i], claims)) != AG_OK) fail_msg("%s", good[i]);
}

static void bad_headers_are_refused(void **state)
{
    struct ag_str claims = claims_of("", "");
    static const char *const bad[] = {
        "{\"kid\":\"r\"}",
        "{\"alg\":\"none\",\"kid\":\"r\"}",
        "{\"alg\":\"NONE\",\"kid\":\"r\"}",
        "{\"alg\":\"rs256\",\"kid\":\"r\"}",
        "{\"alg\":\"HS256\",\"kid\":\"r\"}",
        "{\"alg\":\"HS512\",\"kid\":\"r\"}",
        "{\"alg\":\"RS384\",\"kid\":\"r\"}",
        "{\"alg\":\"RS512\",\"kid\":\"r\"}",
        "{\"alg\":\"PS256\",\"kid\":\"r\"}",
        "{\"alg\":\"ES384\",\"kid\":\"e\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"r\"}",
        "{\"alg\":\"\",\"kid\":\"r\"}",
        "{\"alg\":null,\"kid\":\"r\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"r\"}",
        "{\"alg\":\"RS256\\u0000\",\"kid\":\"r\"}",
        "{\"alg\":\"RS256\",\"alg\":\"RS256\",\"kid\":\"r\"}",
        "{\"alg\":\"RS256\",\"\\u0061lg\":\"none\",\"kid\":\"r\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"kid\":\"r\"}",
        "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":7}",
        "{\"alg\":\"RS256\",\"kid\":[\"r\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"r\\n\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":null}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":true}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"zip\":\"DEF\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"enc\":\"A128GCM\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"jku\":\"https://evil.test\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"jwk\":\"x\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"x5u\":\"https://evil.test\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":7}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":{}}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":[[]]}",
        "{\"alg\":\"RS256\",\"kid\":\"r\",}",
        "{\"alg\":\"RS256\",\"kid\":\"r\"}x",
        "[]",
        "\"RS256\"",
        "{}",
        "x",
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (verify(token_of(rsa, bad[i], claims)) != AG_E_UPSTREAM_INVALID) fail_msg("%s", bad[i]);
}

static void keys_are_found_by_id_and_kind(void **state)
{
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity who;
    struct ag_oidc_keys two;
    struct ag_str claims = claims_of("", "");
    assert_int_equal(verify(token_of(rsa, "{\"alg\":\"RS256\",\"kid\":\"x\"}", claims)),
                     AG_E_NOT_FOUND);
    /* An id is of one key: another kind under it is not looked for. */
    assert_int_equal(verify(token_of(ec, "{\"alg\":\"ES256\",\"kid\":\"r\"}", claims)),
                     AG_E_NOT_FOUND);
    assert_int_equal(verify(token_of(other_rsa, RS_HEADER, claims)), AG_E_UPSTREAM_INVALID);
    assert_int_equal(verify(token_of(ec, RS_HEADER, claims)), AG_E_UPSTREAM_INVALID);
    assert_int_equal(verify(token_of(rsa, ES_HEADER, claims)), AG_E_UPSTREAM_INVALID);

    assert_ok(read_keys(ag_arena_printf(&arena, "%s,%s", rsa_jwk(rsa, "").data,
                                        rsa_jwk(other_rsa, ",\"kid\":\"o\"").data),
                        &two));
    assert_int_equal(
        ag_oidc_verify(&two, token_of(rsa, "{\"alg\":\"RS256\"}", claims), &e, &arena, &who),
        AG_E_UPSTREAM_INVALID);
    assert_ok(ag_oidc_verify(&two, token_of(other_rsa, "{\"alg\":\"RS256\",\"kid\":\"o\"}", claims),
                             &e, &arena, &who));
}

static void forms_that_are_not_compact_are_refused(void **state)
{
    struct ag_str token = token_of(rsa, RS_HEADER, claims_of("", ""));
    ptrdiff_t dot = ag_str_find_char(token, '.');
    struct ag_str head = ag_str_sub(token, 0, (size_t)dot);
    const struct ag_str bad[] = {
        AG_STR(""),
        AG_STR("."),
        AG_STR(".."),
        AG_STR("..."),
        head,
        ag_str_sub(token, 0, token.len - 1),
        ag_arena_printf(&arena, "%s.", token.data),
        ag_arena_printf(&arena, "%s.AAAA", token.data),
        ag_arena_printf(&arena, "%s=", token.data),
        ag_arena_printf(&arena, "%s\n", token.data),
        ag_arena_printf(&arena, " %s", token.data),
        ag_arena_printf(&arena, ".%s", token.data),
        ag_arena_printf(&arena, "%.*s..AAAA", AG_STR_ARG(head)),
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++)
        if (verify(bad[i]) != AG_E_UPSTREAM_INVALID) fail_msg("%.*s", AG_STR_ARG(bad[i]));
    char *endless = malloc(AG_OIDC_TOKEN_MAX_BYTES + 1);
    memset(endless, 'A', AG_OIDC_TOKEN_MAX_BYTES + 1);
    endless[10] = endless[20] = '.';
    assert_int_equal(verify(ag_str_n(endless, AG_OIDC_TOKEN_MAX_BYTES + 1)), AG_E_UPSTREAM_INVALID);
    assert_int_equal(verify(ag_str_n(endless, AG_OIDC_TOKEN_MAX_BYTES)), AG_E_UPSTREAM_INVALID);
    free(endless);
    /* Every bit of it counts. */
    for (size_t i = 0; i < token.len; i += 7) {
        char *copy = ag_arena_cstr(&arena, token);
        copy[i] = copy[i] == 'A' ? 'B' : 'A';
        assert_int_not_equal(verify(ag_str_n(copy, token.len)), AG_OK);
    }
}

static void bad_claims_are_refused(void **state)
{
    static const char *const bad[][3] = {
        {"iss", "", "another issuer's"},
        {"iss", ",\"iss\":\"" ISSUER "/\"", "another issuer's"},
        {"iss", ",\"iss\":[\"" ISSUER "\"]", "another issuer's"},
        {"", ",\"iss\":\"" ISSUER "\"", "stands there twice"},
        {"aud", "", "for somebody else"},
        {"aud", ",\"aud\":\"client-2\"", "for somebody else"},
        {"aud", ",\"aud\":[]", "for somebody else"},
        {"aud", ",\"aud\":[\"" CLIENT "\",7]", "for somebody else"},
        {"aud", ",\"aud\":{\"" CLIENT "\":1}", "for somebody else"},
        {"aud", ",\"aud\":[\"" CLIENT "\",\"x\"]", "made out to somebody else"},
        {"aud", ",\"aud\":[\"" CLIENT "\",\"" CLIENT "\"]", "made out to somebody else"},
        {"", ",\"azp\":\"x\"", "made out to somebody else"},
        {"", ",\"azp\":null", "made out to somebody else"},
        {"nonce", "", "another request"},
        {"nonce", ",\"nonce\":\"n-0S6_WzA2MJ\"", "another request"},
        {"nonce", ",\"nonce\":\"\"", "another request"},
        {"exp", "", "when it was made"},
        {"exp", ",\"exp\":\"1760000300\"", "is not a moment"},
        {"exp", ",\"exp\":-1", "is not a moment"},
        {"exp", ",\"exp\":1e40", "is not a moment"},
        {"iat", "", "when it was made"},
        {"iat", ",\"iat\":null", "is not a moment"},
        {"iat", ",\"iat\":1760000061", "in the future"},
        {"", ",\"nbf\":1760000061", "in the future"},
        {"", ",\"nbf\":true", "is not a moment"},
        {"sub", "", "\"sub\" is missing"},
        {"sub", ",\"sub\":\"\"", "not a text"},
        {"sub", ",\"sub\":7", "not a text"},
        {"sub", ",\"sub\":\"a\\u0000\"", "not a text"},
        {"sub", ",\"sub\":\"a\\u007f\"", "not a text"},
        {"", ",\"sub\":\"person-2\"", "stands there twice"},
        {"", ",\"email\":\"x@y.test\"", "stands there twice"},
        {"", ",\"name\":\"x\"", "stands there twice"},
    };
    for (size_t i = 0; i < AG_COUNT(bad); i++) {
        enum ag_err err = verify(token_of(rsa, RS_HEADER, claims_of(bad[i][0], bad[i][1])));
        if (err != AG_E_UPSTREAM_INVALID || !strstr(ag_diag_text(err), bad[i][2]))
            fail_msg("without \"%s\", with %s: %s", bad[i][0], bad[i][1], ag_diag_text(err));
    }
    static const char *const no_claims[] = {"[]", "7", "\"x\"", "null", "{", "{}", "", "\xff"};
    for (size_t i = 0; i < AG_COUNT(no_claims); i++)
        assert_int_equal(verify(token_of(rsa, RS_HEADER, ag_str(no_claims[i]))),
                         AG_E_UPSTREAM_INVALID);
}

static void good_claims_are_taken(void **state)
{
    static const char *const good[][2] = {
        {"aud", ",\"aud\":[\"" CLIENT "\"]"},
        {"aud", ",\"aud\":[\"x\",\"" CLIENT "\"],\"azp\":\"" CLIENT "\""},
        {"", ",\"azp\":\"" CLIENT "\""},
        {"exp", ",\"exp\":1759999941"}, /* a second within the leeway */
        {"exp", ",\"exp\":1760000000.5"},
        {"iat", ",\"iat\":1760000060"},
        {"", ",\"nbf\":1760000060"},
        {"name", ",\"name\":7"},
        {"name", ",\"name\":\"\\u0000\""},
        {"email", ",\"email\":[\"x\"]"},
        {"email", ",\"email\":\"nobody\""},
        {"", ",\"x\":[[[[{}]]]]"},
    };
    for (size_t i = 0; i < AG_COUNT(good); i++)
        if (verify(token_of(rsa, RS_HEADER, claims_of(good[i][0], good[i][1]))) != AG_OK)
            fail_msg("%s: %s", good[i][1], ag_diag_text(AG_E_UPSTREAM_INVALID));
    assert_int_equal(verify(token_of(rsa, RS_HEADER, claims_of("exp", ",\"exp\":1759999940"))),
                     AG_E_TOKEN_EXPIRED);
}

static void a_recent_sign_in_is_proved_by_its_time(void **state)
{
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity who;
    e.signed_in_since_s = NOW - 10;
    struct ag_str token = token_of(rsa, RS_HEADER, claims_of("", ""));
    assert_int_equal(ag_oidc_verify(&keys, token, &e, &arena, &who), AG_E_FORBIDDEN);
    e.tells_auth_time = false;
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
    token = token_of(rsa, RS_HEADER, claims_of("", ",\"auth_time\":1759999929"));
    assert_int_equal(ag_oidc_verify(&keys, token, &e, &arena, &who), AG_E_FORBIDDEN);
    e.tells_auth_time = true;
    assert_int_equal(ag_oidc_verify(&keys, token, &e, &arena, &who), AG_E_FORBIDDEN);
    token = token_of(rsa, RS_HEADER, claims_of("", ",\"auth_time\":1759999930"));
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
}

static void it_is_told_when_they_signed_in(void **state)
{
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity who;
    assert_ok(ag_oidc_verify(&keys, token_of(rsa, RS_HEADER, claims_of("", "")), &e, &arena, &who));
    assert_int_equal(who.signed_in_at_s, 0);
    struct ag_str token = token_of(rsa, RS_HEADER, claims_of("", ",\"auth_time\":1759990000.7"));
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
    assert_int_equal(who.signed_in_at_s, 1759990000);
    token = token_of(rsa, RS_HEADER, claims_of("", ",\"auth_time\":0"));
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
    assert_int_equal(who.signed_in_at_s, 1); /* long ago is not the same as not told */
    token = token_of(rsa, RS_HEADER, claims_of("", ",\"auth_time\":\"now\""));
    assert_int_equal(verify(token), AG_E_UPSTREAM_INVALID);
}

static void entra_vouches_for_an_address_in_its_own_way(void **state)
{
    static const char *const yes[] = {"true", "\"1\"", "1"};
    static const char *const no[] = {"false", "\"0\"", "0", "2", "null", "\"yes\"", "[1]", "1.0"};
    struct ag_oidc_expected e = expected();
    struct ag_oidc_identity who;
    e.takes_edov = true;
    for (size_t i = 0; i < AG_COUNT(yes) + AG_COUNT(no); i++) {
        bool good = i < AG_COUNT(yes);
        const char *value = good ? yes[i] : no[i - AG_COUNT(yes)];
        struct ag_str more = ag_arena_printf(&arena, ",\"xms_edov\":%s", value);
        struct ag_str token = token_of(rsa, RS_HEADER, claims_of("email_verified", more.data));
        assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
        assert_int_equal(who.email_verified, good);
    }
    /* It says nothing against what the standard's claim says, nor for other providers. */
    struct ag_str token = token_of(
        rsa, RS_HEADER, claims_of("email_verified", ",\"email_verified\":false,\"xms_edov\":true"));
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
    assert_false(who.email_verified);
    e.takes_edov = false;
    token = token_of(rsa, RS_HEADER, claims_of("email_verified", ",\"xms_edov\":true"));
    assert_ok(ag_oidc_verify(&keys, token, &e, &arena, &who));
    assert_false(who.email_verified);
}

/* ---- how much stack a signature takes ---- */

enum { PAINTED_BYTES = 256 * 1024, PAINT = 0xA5 };

struct painted {
    struct ag_str token;
    enum ag_err err;
};

static void *verify_thread(void *arg)
{
    struct painted *painted = arg;
    painted->err = verify(painted->token);
    return NULL;
}

static size_t stack_of(struct ag_str token)
{
    struct painted painted = {.token = token};
    pthread_attr_t attr;
    pthread_t thread;
    uint8_t *stack = mmap(NULL, PAINTED_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    assert_true(stack != MAP_FAILED);
    memset(stack, PAINT, PAINTED_BYTES);
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstack(&attr, stack, PAINTED_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attr, verify_thread, &painted), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
    assert_ok(painted.err);
    size_t untouched = 0;
    while (untouched < PAINTED_BYTES && stack[untouched] == PAINT)
        untouched++;
    munmap(stack, PAINTED_BYTES);
    return PAINTED_BYTES - untouched;
}

static void a_signature_takes_little_stack(void **state)
{
#ifndef __SANITIZE_ADDRESS__
    struct ag_str claims = claims_of("", "");
    size_t rs = stack_of(token_of(rsa, RS_HEADER, claims));
    size_t es = stack_of(token_of(ec, ES_HEADER, claims));
    print_message("stack of a thread that verifies: RS256 %zu bytes, ES256 %zu bytes\n", rs, es);
    assert_true(rs < PAINTED_BYTES / 2 && es < PAINTED_BYTES / 2);
#endif
}

/* ---- a lack of memory ---- */

static struct ag_str tortured;

static enum ag_err verify_once(void *arg)
{
    struct ag_arena own;
    struct ag_oidc_keys set;
    struct ag_oidc_identity who;
    struct ag_oidc_metadata metadata;
    struct ag_oidc_expected e = expected();
    ag_arena_init(&own);
    enum ag_err err = ag_oidc_keys_parse(*(const struct ag_str *)arg, &own, &set);
    if (err == AG_OK) err = ag_oidc_verify(&set, tortured, &e, &own, &who);
    if (err == AG_OK)
        err = ag_oidc_metadata_parse(AG_STR(DOCUMENT(ISSUER, "")), AG_STR(ISSUER), &own, &metadata);
    ag_arena_done(&own);
    return err;
}

static void a_lack_of_memory_is_told(void **state)
{
    struct ag_str set = ag_arena_printf(&arena, "{\"keys\":[%s]}",
                                        rsa_jwk(rsa, ",\"kid\":\"r\"").data);
    tortured = token_of(rsa, RS_HEADER, claims_of("", ""));
    torture(verify_once, &set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_sent_over_tls),
        cmocka_unit_test(discovery_documents_are_read),
        cmocka_unit_test(discovery_documents_of_others_are_refused),
        cmocka_unit_test(keys_for_signatures_are_taken),
        cmocka_unit_test(other_keys_are_passed_over),
        cmocka_unit_test(weak_numbers_are_refused),
        cmocka_unit_test(good_tokens_tell_who_it_is),
        cmocka_unit_test(good_headers_are_taken),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(keys_are_found_by_id_and_kind),
        cmocka_unit_test(forms_that_are_not_compact_are_refused),
        cmocka_unit_test(bad_claims_are_refused),
        cmocka_unit_test(good_claims_are_taken),
        cmocka_unit_test(a_recent_sign_in_is_proved_by_its_time),
        cmocka_unit_test(it_is_told_when_they_signed_in),
        cmocka_unit_test(entra_vouches_for_an_address_in_its_own_way),
        cmocka_unit_test(a_signature_takes_little_stack),
        cmocka_unit_test(a_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
