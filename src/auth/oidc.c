#include "auth/claims.h"
#include "net/egress.h"

#include <arpa/inet.h>
#include <sodium.h>

enum {
    SECRET_MAX_BYTES = 8 * 1024, /* an access token is opaque, but no document */
    LISTED_KEYS_MAX = 128,       /* of one set, also those that cannot be used */
    KID_MAX_BYTES = 255,
    RSA_MIN_BYTES = 256,
    RSA_MAX_BYTES = 1024,
    EXPONENT_MAX_BYTES = 4,
    P256_BYTES = 32,
    BASE64URL = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
};

/* ---- addresses ---- */

/* The host of a URL that ag_egress_check_url() has taken, without the brackets of an IPv6 one. */
static struct ag_str host_of(struct ag_str url)
{
    struct ag_str rest = ag_str_sub(url, (size_t)ag_str_find(url, AG_STR("://")) + 3, SIZE_MAX);
    bool brackets = rest.len > 0 && rest.data[0] == '[';
    if (brackets) rest = ag_str_sub(rest, 1, SIZE_MAX);
    size_t end = 0;
    while (end < rest.len && !strchr(brackets ? "]" : ":/?", rest.data[end]))
        end++;
    return ag_str_sub(rest, 0, end);
}

static bool is_this_machine(struct ag_str host)
{
    char text[INET6_ADDRSTRLEN];
    struct in_addr v4;
    if (ag_str_eq_nocase(host, AG_STR("localhost")) || ag_str_eq(host, AG_STR("::1"))) return true;
    if (host.len >= sizeof(text)) return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &v4) == 1 && (ntohl(v4.s_addr) >> 24) == 127;
}

static bool is_https(struct ag_str url)
{
    return ag_str_eq_nocase(ag_str_sub(url, 0, 8), AG_STR("https://"));
}

enum ag_err ag_oidc_check_url(struct ag_str url, bool plain_http)
{
    if (url.len > AG_OIDC_URL_MAX_BYTES)
        return ag_fail(AG_E_EGRESS_DENIED, "this URL is longer than %d bytes",
                       AG_OIDC_URL_MAX_BYTES);
    AG_TRY(ag_egress_check_url(url));
    if (is_https(url) || (plain_http && is_this_machine(host_of(url)))) return AG_OK;
    return ag_fail(AG_E_EGRESS_DENIED, "this URL must begin with https://%s",
                   plain_http ? ", unless it is on this machine" : "");
}

/* ---- discovery ---- */

enum ag_err ag_oidc_discovery_url(struct ag_str issuer, struct ag_arena *arena,
                                  struct ag_str *ret_url)
{
    while (issuer.len > 0 && issuer.data[issuer.len - 1] == '/')
        issuer.len--;
    struct ag_str url = ag_arena_printf(arena, "%.*s/.well-known/openid-configuration",
                                        AG_STR_ARG(issuer));
    if (!url.data) return ag_fail(AG_E_NO_MEMORY, "no memory for a URL");
    *ret_url = url;
    return AG_OK;
}

/* An endpoint of the document; without one where `needed` says that it may be missing, empty. */
static enum ag_err take_endpoint(yyjson_val *root, const char *name, bool needed, bool plain_http,
                                 struct ag_arena *arena, struct ag_str *ret_url)
{
    AG_TRY(ag_claim_text(root, name, AG_OIDC_URL_MAX_BYTES, arena, ret_url));
    if (ret_url->len == 0)
        return needed ? ag_fail(AG_E_UPSTREAM_INVALID, "\"%s\" is missing", name) : AG_OK;
    if (ag_oidc_check_url(*ret_url, plain_http) != AG_OK)
        return ag_fail_more(AG_E_UPSTREAM_INVALID, "\"%s\" is no address to send secrets to", name);
    return AG_OK;
}

/* Whether the list `name` holds `word`; `otherwise` when there is no such list. */
static enum ag_err lists(yyjson_val *root, const char *name, const char *word, bool otherwise,
                         bool *ret_lists)
{
    yyjson_val *list, *item;
    size_t i, count;
    AG_TRY(ag_claim(root, name, &list));
    *ret_lists = otherwise;
    if (!yyjson_is_arr(list)) return AG_OK;
    *ret_lists = false;
    yyjson_arr_foreach(list, i, count, item) *ret_lists |= yyjson_equals_str(item, word);
    return AG_OK;
}

/* How the token endpoint wants to hear the client's secret; Discovery 3 names the default. */
static enum ag_err take_method(yyjson_val *root, bool *ret_in_body)
{
    static const char name[] = "token_endpoint_auth_methods_supported";
    bool basic, post;
    AG_TRY(lists(root, name, "client_secret_basic", true, &basic));
    AG_TRY(lists(root, name, "client_secret_post", true, &post));
    if (!basic && !post)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the identity provider takes neither "
                                              "client_secret_basic nor client_secret_post");
    *ret_in_body = !basic;
    return AG_OK;
}

static enum ag_err check_algorithms(yyjson_val *root)
{
    static const char name[] = "id_token_signing_alg_values_supported";
    bool rs256, es256;
    AG_TRY(lists(root, name, "RS256", true, &rs256));
    AG_TRY(lists(root, name, "ES256", true, &es256));
    return rs256 || es256 ? AG_OK
                          : ag_fail(AG_E_UPSTREAM_INVALID, "the identity provider signs with "
                                                           "neither RS256 nor ES256");
}

static enum ag_err take_metadata(yyjson_val *root, struct ag_str issuer, struct ag_arena *arena,
                                 struct ag_oidc_metadata *metadata)
{
    /* What is in clear on this machine stays there; nobody else may ask for that. */
    bool plain_http = !is_https(issuer);
    yyjson_val *says_issuer;
    AG_TRY(ag_claim_needed(root, "issuer", AG_OIDC_URL_MAX_BYTES, arena, &metadata->issuer));
    if (!ag_str_eq(metadata->issuer, issuer))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the discovery document is another issuer's: the "
                                              "configured one must be spelled exactly as there");
    AG_TRY(take_endpoint(root, "authorization_endpoint", true, plain_http, arena,
                         &metadata->authorization_endpoint));
    AG_TRY(
        take_endpoint(root, "token_endpoint", true, plain_http, arena, &metadata->token_endpoint));
    AG_TRY(take_endpoint(root, "jwks_uri", true, plain_http, arena, &metadata->jwks_uri));
    AG_TRY(take_endpoint(root, "userinfo_endpoint", false, plain_http, arena,
                         &metadata->userinfo_endpoint));
    AG_TRY(ag_claim(root, "authorization_response_iss_parameter_supported", &says_issuer));
    metadata->says_issuer = yyjson_is_true(says_issuer);
    AG_TRY(take_method(root, &metadata->secret_in_body));
    return check_algorithms(root);
}

enum ag_err ag_oidc_metadata_parse(struct ag_str json, struct ag_str issuer, struct ag_arena *arena,
                                   struct ag_oidc_metadata *ret_metadata)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_metadata metadata;
    AG_TRY(ag_claims_parse(json, AG_OIDC_DOCUMENT_MAX_BYTES, &doc));
    AG_TRY(take_metadata(yyjson_doc_get_root(doc), issuer, arena, &metadata));
    *ret_metadata = metadata;
    return AG_OK;
}

/* ---- keys ---- */

/* Decodes the number `name` of a key, strictly: big-endian without leading zeros, unless `fixed`.
 * Returns its bytes, 0 when it is none of at most `max`. */
static size_t number_bytes(yyjson_val *jwk, const char *name, size_t max, bool fixed, uint8_t *out)
{
    yyjson_val *value;
    size_t len = 0;
    if (ag_claim(jwk, name, &value) != AG_OK) return 0;
    struct ag_str text = ag_claim_str(value);
    if (sodium_base642bin(out, max, text.data, text.len, NULL, &len, NULL, BASE64URL) != 0)
        return 0;
    return fixed || (len > 0 && out[0] != 0) ? len : 0;
}

/* The values are base64url now, so they need no escapes. */
static enum ag_err write_rsa(yyjson_val *jwk, struct ag_arena *arena, struct ag_str *ret_jwk)
{
    uint8_t bytes[RSA_MAX_BYTES], exponent[EXPONENT_MAX_BYTES];
    size_t n = number_bytes(jwk, "n", sizeof(bytes), false, bytes);
    size_t e = number_bytes(jwk, "e", sizeof(exponent), false, exponent);
    bool usable = n >= RSA_MIN_BYTES && (bytes[0] & 0x80 || n > RSA_MIN_BYTES) &&
                  bytes[n - 1] & 1 && e > 0 && exponent[e - 1] & 1 && (e > 1 || exponent[0] > 1);
    *ret_jwk = AG_STR("");
    if (!usable) return AG_OK;
    *ret_jwk = ag_arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
                               yyjson_get_str(yyjson_obj_get(jwk, "n")),
                               yyjson_get_str(yyjson_obj_get(jwk, "e")));
    return ret_jwk->data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for a key");
}

static enum ag_err write_ec(yyjson_val *jwk, struct ag_arena *arena, struct ag_str *ret_jwk)
{
    uint8_t bytes[P256_BYTES];
    yyjson_val *curve;
    AG_TRY(ag_claim(jwk, "crv", &curve));
    *ret_jwk = AG_STR("");
    if (!yyjson_equals_str(curve, "P-256") ||
        number_bytes(jwk, "x", sizeof(bytes), true, bytes) != P256_BYTES ||
        number_bytes(jwk, "y", sizeof(bytes), true, bytes) != P256_BYTES)
        return AG_OK;
    *ret_jwk = ag_arena_printf(
        arena, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
        yyjson_get_str(yyjson_obj_get(jwk, "x")), yyjson_get_str(yyjson_obj_get(jwk, "y")));
    return ret_jwk->data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for a key");
}

/* Whether a key is there for verifying signatures with `alg`; what a key does not say is open. */
static enum ag_err is_for(yyjson_val *jwk, const char *alg, bool *ret_is)
{
    yyjson_val *use, *said;
    bool verifies;
    AG_TRY(ag_claim(jwk, "use", &use));
    AG_TRY(ag_claim(jwk, "alg", &said));
    AG_TRY(lists(jwk, "key_ops", "verify", true, &verifies));
    *ret_is = verifies && (!use || yyjson_equals_str(use, "sig")) &&
              (!said || yyjson_equals_str(said, alg));
    return AG_OK;
}

/* One key of the set; its `jwk` stays empty when it is none for us. */
static enum ag_err take_key(yyjson_val *jwk, struct ag_arena *arena, struct ag_oidc_key *key)
{
    yyjson_val *kty;
    bool usable;
    *key = (struct ag_oidc_key){.jwk = AG_STR("")};
    AG_TRY(ag_claim(jwk, "kty", &kty));
    bool rsa = yyjson_equals_str(kty, "RSA");
    if (!rsa && !yyjson_equals_str(kty, "EC")) return AG_OK;
    key->alg = rsa ? AG_OIDC_RS256 : AG_OIDC_ES256;
    AG_TRY(is_for(jwk, rsa ? "RS256" : "ES256", &usable));
    if (!usable) return AG_OK;
    AG_TRY(ag_claim_text(jwk, "kid", KID_MAX_BYTES, arena, &key->kid));
    return rsa ? write_rsa(jwk, arena, &key->jwk) : write_ec(jwk, arena, &key->jwk);
}

static enum ag_err take_keys(yyjson_val *list, struct ag_arena *arena, struct ag_oidc_keys *keys)
{
    yyjson_val *jwk;
    size_t i, count;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > LISTED_KEYS_MAX)
        return ag_fail(AG_E_UPSTREAM_INVALID, "the key set is no list of at most %d keys",
                       LISTED_KEYS_MAX);
    keys->count = 0;
    keys->items = AG_ARENA_ARRAY(arena, struct ag_oidc_key, AG_OIDC_MAX_KEYS);
    if (!keys->items) return ag_fail(AG_E_NO_MEMORY, "no memory for a key set");
    yyjson_arr_foreach(list, i, count, jwk)
    {
        struct ag_oidc_key *key = &keys->items[keys->count];
        /* One broken key does not spoil the others. */
        enum ag_err err = take_key(jwk, arena, key);
        if (err == AG_E_NO_MEMORY) return err;
        if (err == AG_OK && key->jwk.len > 0) keys->count++;
        if (keys->count == AG_OIDC_MAX_KEYS) break;
    }
    if (keys->count > 0) return AG_OK;
    return ag_fail(AG_E_UPSTREAM_INVALID, "the key set has no key for RS256 or ES256");
}

enum ag_err ag_oidc_keys_parse(struct ag_str json, struct ag_arena *arena,
                               struct ag_oidc_keys *ret_keys)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_keys keys;
    yyjson_val *list;
    AG_TRY(ag_claims_parse(json, AG_OIDC_DOCUMENT_MAX_BYTES, &doc));
    AG_TRY(ag_claim(yyjson_doc_get_root(doc), "keys", &list));
    AG_TRY(take_keys(list, arena, &keys));
    *ret_keys = keys;
    return AG_OK;
}

/* ---- tokens ---- */

/* Printable ASCII without spaces: it goes into a header. */
static bool is_token(struct ag_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f) return false;
    return true;
}

static enum ag_err take_tokens(yyjson_val *root, struct ag_arena *arena,
                               struct ag_oidc_tokens *tokens)
{
    yyjson_val *error;
    struct ag_str type;
    AG_TRY(ag_claim(root, "error", &error));
    /* Of the error nothing is repeated: it may quote the code, or the client's secret. */
    if (error)
        return ag_fail(AG_E_UPSTREAM_REJECTED, "the identity provider refused the code%s",
                       yyjson_equals_str(error, "invalid_client") ||
                               yyjson_equals_str(error, "incorrect_client_credentials")
                           ? ": it does not know the client id and secret"
                           : "");
    AG_TRY(ag_claim_needed(root, "token_type", 32, arena, &type));
    if (!ag_str_eq_nocase(type, AG_STR("bearer")))
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"token_type\" is not Bearer");
    AG_TRY(ag_claim_needed(root, "access_token", SECRET_MAX_BYTES, arena, &tokens->access_token));
    if (!is_token(tokens->access_token))
        return ag_fail(AG_E_UPSTREAM_INVALID, "\"access_token\" is not one that a header carries");
    return ag_claim_text(root, "id_token", AG_OIDC_TOKEN_MAX_BYTES, arena, &tokens->id_token);
}

enum ag_err ag_oidc_tokens_parse(struct ag_str json, struct ag_arena *arena,
                                 struct ag_oidc_tokens *ret_tokens)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_tokens tokens;
    AG_TRY(ag_claims_parse(json, AG_OIDC_REPLY_MAX_BYTES, &doc));
    AG_TRY(take_tokens(yyjson_doc_get_root(doc), arena, &tokens));
    *ret_tokens = tokens;
    return AG_OK;
}

enum ag_err ag_oidc_userinfo_parse(struct ag_str json, struct ag_str subject,
                                   struct ag_arena *arena, struct ag_oidc_identity *ret_identity)
{
    AG_CLEANUP(ag_claims_free) yyjson_doc *doc = NULL;
    struct ag_oidc_identity identity = {.signed_in_at_s = 0};
    AG_TRY(ag_claims_parse(json, AG_OIDC_REPLY_MAX_BYTES, &doc));
    yyjson_val *root = yyjson_doc_get_root(doc);
    AG_TRY(ag_claim_needed(root, "sub", AG_OIDC_SUBJECT_MAX_BYTES, arena, &identity.subject));
    if (!ag_str_eq(identity.subject, subject))
        return ag_fail(AG_E_UPSTREAM_INVALID, "the userinfo endpoint speaks of somebody else");
    AG_TRY(ag_claims_profile(root, arena, &identity));
    *ret_identity = identity;
    return AG_OK;
}

/* ---- PKCE ---- */

void ag_pkce_challenge(struct ag_str verifier, char out[AG_PKCE_CHALLENGE_CHARS + 1])
{
    uint8_t hash[AG_SECRET_HASH_BYTES];
    ag_secret_hash(verifier, hash);
    sodium_bin2base64(out, AG_PKCE_CHALLENGE_CHARS + 1, hash, sizeof(hash), BASE64URL);
}
