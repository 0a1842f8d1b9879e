/*
 * OpenID Connect, what a relying party judges: discovery documents, key sets, token replies and ID
 * tokens. Nothing is dialled here; everything that comes in is hostile until it was checked.
 *
 * All text in the results is in the caller's arena: of the length said, valid UTF-8, without
 * control characters. Failures are AG_E_UPSTREAM_INVALID unless said otherwise, in words for the
 * operator's log; none of them repeats what the provider sent.
 */
#pragma once

#include "auth/auth.h"

enum {
    AG_OIDC_DOCUMENT_MAX_BYTES = 128 * 1024, /* discovery documents, key sets */
    AG_OIDC_REPLY_MAX_BYTES = 64 * 1024,     /* replies of token and userinfo endpoints */
    AG_OIDC_TOKEN_MAX_BYTES = 16 * 1024,
    AG_OIDC_URL_MAX_BYTES = 1024,
    AG_OIDC_MAX_KEYS = 32,           /* that can be used, of one set */
    AG_OIDC_SUBJECT_MAX_BYTES = 255, /* OpenID Connect Core 2, `sub` */
    AG_OIDC_LEEWAY_S = 60,           /* how far another machine's clock may be off */
};

/* Whether `url` is one that credentials may be sent to: https, or, with `plain_http`, http on this
 * machine (localhost, 127.0.0.0/8, ::1). AG_E_EGRESS_DENIED. */
enum ag_err ag_oidc_check_url(struct ag_str url, bool plain_http) AG_MUST_USE;

/* ---- discovery (OpenID Connect Discovery 4, RFC 8414 2) ---- */

struct ag_oidc_metadata {
    struct ag_str issuer, authorization_endpoint, token_endpoint, jwks_uri;
    struct ag_str userinfo_endpoint; /* empty: none */
    bool secret_in_body;             /* the token endpoint takes client_secret_post alone */
    bool says_issuer; /* authorization responses carry `iss` (RFC 9207): one without is refused */
};
/* "/.well-known/openid-configuration" below the issuer. AG_E_NO_MEMORY. */
enum ag_err ag_oidc_discovery_url(struct ag_str issuer, struct ag_arena *arena,
                                  struct ag_str *ret_url) AG_MUST_USE;
/* The document of `issuer`; one that names another issuer is refused, and so are endpoints that
 * ag_oidc_check_url() refuses, plain http being for issuers on this machine alone.
 * AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_oidc_metadata_parse(struct ag_str json, struct ag_str issuer, struct ag_arena *arena,
                                   struct ag_oidc_metadata *ret_metadata) AG_MUST_USE;

/* ---- key sets (RFC 7517) ---- */

enum ag_oidc_alg { AG_OIDC_RS256, AG_OIDC_ES256 };

struct ag_oidc_key {
    enum ag_oidc_alg alg; /* the one algorithm that the key's type allows */
    struct ag_str kid;    /* empty: none */
    struct ag_str jwk;    /* its public part alone, as JSON written here */
};
struct ag_oidc_keys {
    struct ag_oidc_key *items; /* at most AG_OIDC_MAX_KEYS */
    size_t count;
};
/* RSA keys of 2048 to 8192 bits and keys on P-256 that are there for signatures; others are passed
 * over, and a set without any is refused. AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_oidc_keys_parse(struct ag_str json, struct ag_arena *arena,
                               struct ag_oidc_keys *ret_keys) AG_MUST_USE;

/* ---- the token endpoint's reply (RFC 6749 5.1, OpenID Connect Core 3.1.3.3) ---- */

struct ag_oidc_tokens {
    struct ag_str access_token;
    struct ag_str id_token; /* empty: none */
};
/* AG_E_UPSTREAM_REJECTED when it is an error (RFC 6749 5.2), AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_oidc_tokens_parse(struct ag_str json, struct ag_arena *arena,
                                 struct ag_oidc_tokens *ret_tokens) AG_MUST_USE;

/* ---- who somebody is ---- */

struct ag_oidc_identity {
    struct ag_str subject;
    struct ag_str email; /* empty: none, or none that can be written to */
    struct ag_str name;  /* empty: none; at most 100 characters */
    bool email_verified;
    bool says_email;        /* whether there was a claim `email` at all */
    int64_t signed_in_at_s; /* when they signed in there; 0: not told */
};
struct ag_oidc_expected {
    struct ag_str issuer, client_id, nonce;
    int64_t now_s;
    int64_t signed_in_since_s; /* 0, or when they must have signed in there at the earliest */
    bool tells_auth_time; /* `auth_time` must be there to judge that by; else it may be missing */
    bool takes_edov;      /* `xms_edov` counts where there is no `email_verified` (Entra ID) */
};
/*
 * Verifies an ID token (OpenID Connect Core 3.1.3.7, RFC 8725): its header, RS256 or ES256 and
 * nothing else, under a key of that kind; the signature; then `iss`, `aud`, `azp`, `exp`, `iat`,
 * `nonce`, `sub`, and `auth_time` where it is asked for or told. AG_E_NOT_FOUND when the set has no
 * key of that id and kind (it may be newer than the set), AG_E_TOKEN_EXPIRED, AG_E_FORBIDDEN when
 * they have not signed in since, AG_E_NO_MEMORY.
 *
 * A signature takes some 26 KiB of stack and up to half a millisecond: run it with ag_offload().
 */
enum ag_err ag_oidc_verify(const struct ag_oidc_keys *keys, struct ag_str token,
                           const struct ag_oidc_expected *expected, struct ag_arena *arena,
                           struct ag_oidc_identity *ret_identity) AG_MUST_USE;
/* The userinfo endpoint's reply (OpenID Connect Core 5.3), whose `sub` must be `subject`.
 * AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_oidc_userinfo_parse(struct ag_str json, struct ag_str subject,
                                   struct ag_arena *arena,
                                   struct ag_oidc_identity *ret_identity) AG_MUST_USE;

/* ---- GitHub, which is no OpenID provider ---- */

/* `GET /user`: the account's number as subject, and its name, else its login; no e-mail.
 * AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_github_user_parse(struct ag_str json, struct ag_arena *arena,
                                 struct ag_oidc_identity *ret_identity) AG_MUST_USE;
/* `GET /user/emails`: the primary address goes into `identity`. AG_E_UPSTREAM_TOO_LARGE. */
enum ag_err ag_github_emails_parse(struct ag_str json, struct ag_arena *arena,
                                   struct ag_oidc_identity *identity) AG_MUST_USE;

/* ---- what the flow sends along ---- */

enum { AG_PKCE_CHALLENGE_CHARS = 43 };

/* The S256 challenge of a verifier (RFC 7636 4.2) into `out`, with NUL. */
void ag_pkce_challenge(struct ag_str verifier, char out[AG_PKCE_CHALLENGE_CHARS + 1]);
