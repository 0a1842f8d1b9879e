/* ID tokens. The signature is libcjose's work; everything that says which algorithm, which key and
 * what the token means is decided here, and libcjose, whose JSON reader recurses, gets to see
 * nothing that was not looked at before. */
#include "auth/claims.h"

#include <cjose/cjose.h>
#include <openssl/err.h>
#include <sodium.h>

enum {
    HEADER_MAX_BYTES = 4 * 1024,
    ES256_CHARS = 86, /* 64 bytes in base64url */
    AUDIENCES_MAX = 16,
    BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

struct header {
    enum ag_oidc_alg alg;
    struct ag_str kid; /* empty: none */
};

static enum ag_err refuse(const char *why)
{
    return ag_fail(AG_E_UPSTREAM_INVALID, "the ID token %s", why);
}

/* ---- its three parts ---- */

struct parts {
    struct ag_str header, payload, signature;
};

static enum ag_err cut(struct ag_str token, struct parts *parts)
{
    struct ag_str rest = token, more;
    if (token.len == 0 || token.len > AG_OIDC_TOKEN_MAX_BYTES)
        return refuse("is missing or too long");
    bool three = ag_str_split(&rest, '.', &parts->header) &&
                 ag_str_split(&rest, '.', &parts->payload) &&
                 ag_str_split(&rest, '.', &parts->signature) && !ag_str_split(&rest, '.', &more);
    /* A dot at the end leaves nothing behind that the split would return. */
    if (!three || parts->header.len == 0 || parts->payload.len == 0 || parts->signature.len == 0 ||
        token.data[token.len - 1] == '.')
        return refuse("does not have three parts");
    return AG_OK;
}

/* Strict: no padding, no white space, no bits left over in the last character. */
static enum ag_err decode(struct ag_str text, size_t max, struct ag_arena *arena,
                          struct ag_str *ret_bytes)
{
    size_t len = 0, room = text.len / 4 * 3 + 3;
    if (room > max) return refuse("has a part that is too long");
    char *bytes = ag_arena_alloc(arena, room);
    if (!bytes) return ag_fail(AG_E_NO_MEMORY, "no memory for a token");
    if (sodium_base642bin((uint8_t *)bytes, room, text.data, text.len, NULL, &len, NULL,
                          BASE64URL) != 0)
        return refuse("has a part that is not base64url");
    *ret_bytes = ag_str_n(bytes, len);
    return AG_OK;
}

/* ---- the header ---- */

/* libcjose reads the header with a parser that recurses: what nests is not shown to it. */
static bool is_flat(yyjson_val *root)
{
    size_t i, count, k, children;
    yyjson_val *name, *value, *child;
    yyjson_obj_foreach(root, i, count, name, value)
    {
        if (yyjson_is_obj(value)) return false;
        yyjson_arr_foreach(value, k, children, child) if (yyjson_is_ctn(child)) return false;
    }
    return yyjson_is_obj(root);
}

/* What would change the meaning of the rest is refused, whether critical or not (RFC 8725 3). */
static enum ag_err check_extensions(yyjson_val *root)
{
    static const char *const refused[] = {"crit", "b64", "zip", "jku", "jwk", "x5u", "enc"};
    yyjson_val *value, *typ;
    for (size_t i = 0; i < AG_COUNT(refused); i++) {
        AG_TRY(ag_claim(root, refused[i], &value));
        if (value) return refuse("has a header that is not understood");
    }
    AG_TRY(ag_claim(root, "typ", &typ));
    if (typ && !ag_str_eq_nocase(ag_claim_str(typ), AG_STR("JWT")))
        return refuse("is of another type");
    return AG_OK;
}

static enum ag_err read_header(struct ag_str text, struct ag_arena *arena, struct header *header)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_str json;
    yyjson_val *alg;
    AG_TRY(decode(text, HEADER_MAX_BYTES, arena, &json));
    AG_TRY(ag_claims_parse(json, HEADER_MAX_BYTES, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    if (!is_flat(root)) return refuse("has a header that nests");
    AG_TRY(check_extensions(root));
    AG_TRY(ag_claim(root, "alg", &alg));
    if (yyjson_equals_str(alg, "RS256"))
        header->alg = AG_OIDC_RS256;
    else if (yyjson_equals_str(alg, "ES256"))
        header->alg = AG_OIDC_ES256;
    else
        return refuse("is signed with neither RS256 nor ES256");
    return ag_claim_text(root, "kid", HEADER_MAX_BYTES, arena, &header->kid);
}

/* The key that the header names. One that names none needs a set with one key of the kind. */
static enum ag_err find_key(const struct ag_oidc_keys *keys, const struct header *header,
                            const struct ag_oidc_key **ret_key)
{
    const struct ag_oidc_key *found = NULL;
    size_t candidates = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct ag_oidc_key *key = &keys->items[i];
        if (key->alg != header->alg) continue;
        if (header->kid.len > 0 && !ag_str_eq(key->kid, header->kid)) continue;
        if (!found) found = key;
        candidates++;
    }
    if (!found) return ag_fail(AG_E_NOT_FOUND, "the ID token's key is not in the key set");
    if (header->kid.len == 0 && candidates > 1) return refuse("does not say which key signed it");
    *ret_key = found;
    return AG_OK;
}

/* ---- the signature ---- */

static enum ag_err check_signature(const struct ag_oidc_key *key, struct ag_str token,
                                   struct ag_str signature)
{
    cjose_err why = {.code = CJOSE_ERR_NONE};
    if (key->alg == AG_OIDC_ES256 && signature.len != ES256_CHARS)
        return refuse("has a signature of another length");
    cjose_jwk_t *jwk = cjose_jwk_import(key->jwk.data, key->jwk.len, &why);
    cjose_jws_t *jws = jwk ? cjose_jws_import(token.data, token.len, &why) : NULL;
    bool good = jws && cjose_jws_verify(jws, jwk, &why);
    if (jws) cjose_jws_release(jws);
    if (jwk) cjose_jwk_release(jwk);
    ERR_clear_error(); /* what OpenSSL recorded belongs to nobody else on this thread */
    if (good) return AG_OK;
    if (why.code == CJOSE_ERR_NO_MEMORY) return ag_fail(AG_E_NO_MEMORY, "no memory for a token");
    return refuse("has a wrong signature");
}

/* ---- the claims ---- */

/* One audience or a list of them. */
static bool is_audience(yyjson_val *aud, struct ag_str client_id, size_t *ret_count)
{
    size_t i, count;
    yyjson_val *one;
    bool found = false;
    *ret_count = 1;
    if (!yyjson_is_arr(aud)) return ag_str_eq(ag_claim_str(aud), client_id);
    *ret_count = yyjson_arr_size(aud);
    if (*ret_count > AUDIENCES_MAX) return false;
    yyjson_arr_foreach(aud, i, count, one)
    {
        if (!yyjson_is_str(one)) return false;
        found |= ag_str_eq(ag_claim_str(one), client_id);
    }
    return found;
}

static enum ag_err check_parties(yyjson_val *root, const struct ag_oidc_expected *expected)
{
    yyjson_val *iss, *aud, *azp, *nonce;
    size_t audiences;
    AG_ASSERT(expected->client_id.len > 0 && expected->nonce.len > 0);
    AG_TRY(ag_claim(root, "iss", &iss));
    AG_TRY(ag_claim(root, "aud", &aud));
    AG_TRY(ag_claim(root, "azp", &azp));
    AG_TRY(ag_claim(root, "nonce", &nonce));
    if (!yyjson_is_str(iss) || !ag_str_eq(ag_claim_str(iss), expected->issuer))
        return refuse("is another issuer's");
    if (!is_audience(aud, expected->client_id, &audiences)) return refuse("is for somebody else");
    if ((azp || audiences > 1) && !ag_str_eq(ag_claim_str(azp), expected->client_id))
        return refuse("was made out to somebody else");
    if (!ag_str_eq_secret(ag_claim_str(nonce), expected->nonce))
        return refuse("answers another request");
    return AG_OK;
}

static enum ag_err check_signed_in(yyjson_val *root, const struct ag_oidc_expected *expected,
                                   int64_t *ret_signed_in_at_s)
{
    int64_t auth_time = 0;
    bool there;
    *ret_signed_in_at_s = 0;
    if (expected->signed_in_since_s == 0 && !expected->tells_auth_time) return AG_OK;
    AG_TRY(ag_claim_time(root, "auth_time", &auth_time, &there));
    if (there) *ret_signed_in_at_s = AG_MAX(auth_time, 1);
    if (expected->signed_in_since_s == 0 || (!there && !expected->tells_auth_time)) return AG_OK;
    if (there && auth_time + AG_OIDC_LEEWAY_S >= expected->signed_in_since_s) return AG_OK;
    return ag_fail(AG_E_FORBIDDEN, "the identity provider did not ask them to sign in again");
}

static enum ag_err check_times(yyjson_val *root, const struct ag_oidc_expected *expected)
{
    int64_t exp = 0, iat = 0, nbf = 0, now = expected->now_s;
    bool has_exp, has_iat, has_nbf;
    AG_TRY(ag_claim_time(root, "exp", &exp, &has_exp));
    AG_TRY(ag_claim_time(root, "iat", &iat, &has_iat));
    AG_TRY(ag_claim_time(root, "nbf", &nbf, &has_nbf));
    if (!has_exp || !has_iat) return refuse("does not say when it was made and when it ends");
    if (exp + AG_OIDC_LEEWAY_S <= now)
        return ag_fail(AG_E_TOKEN_EXPIRED, "the ID token has expired; is this machine's clock "
                                           "right?");
    if (iat - AG_OIDC_LEEWAY_S > now || (has_nbf && nbf - AG_OIDC_LEEWAY_S > now))
        return refuse("was made in the future; is this machine's clock right?");
    return AG_OK;
}

/* Entra ID has no `email_verified`; it says whether whoever owns the address's domain vouches. */
static enum ag_err read_edov(yyjson_val *root, struct ag_oidc_identity *identity)
{
    yyjson_val *verified, *edov;
    AG_TRY(ag_claim(root, "email_verified", &verified));
    AG_TRY(ag_claim(root, "xms_edov", &edov));
    if (verified) return AG_OK;
    identity->email_verified = yyjson_is_true(edov) || yyjson_equals_str(edov, "1") ||
                               (yyjson_is_uint(edov) && yyjson_get_uint(edov) == 1);
    return AG_OK;
}

static enum ag_err read_claims(struct ag_str text, const struct ag_oidc_expected *expected,
                               struct ag_arena *arena, struct ag_oidc_identity *ret_identity)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_identity identity = {.signed_in_at_s = 0};
    struct ag_str json;
    AG_TRY(decode(text, AG_OIDC_TOKEN_MAX_BYTES, arena, &json));
    AG_TRY(ag_claims_parse(json, AG_OIDC_TOKEN_MAX_BYTES, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    AG_TRY(check_parties(root, expected));
    AG_TRY(check_times(root, expected));
    AG_TRY(check_signed_in(root, expected, &identity.signed_in_at_s));
    AG_TRY(ag_claim_needed(root, "sub", AG_OIDC_SUBJECT_MAX_BYTES, arena, &identity.subject));
    AG_TRY(ag_claims_profile(root, arena, &identity));
    if (expected->takes_edov) AG_TRY(read_edov(root, &identity));
    *ret_identity = identity;
    return AG_OK;
}

enum ag_err ag_oidc_verify(const struct ag_oidc_keys *keys, struct ag_str token,
                           const struct ag_oidc_expected *expected, struct ag_arena *arena,
                           struct ag_oidc_identity *ret_identity)
{
    struct parts parts;
    struct header header;
    struct ag_str signature;
    const struct ag_oidc_key *key;
    AG_TRY(cut(token, &parts));
    AG_TRY(read_header(parts.header, arena, &header));
    AG_TRY(decode(parts.signature, AG_OIDC_TOKEN_MAX_BYTES, arena, &signature));
    AG_TRY(find_key(keys, &header, &key));
    AG_TRY(check_signature(key, token, parts.signature));
    return read_claims(parts.payload, expected, arena, ret_identity);
}
