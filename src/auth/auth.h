/* Credentials without a database: password hashes, our own tokens, API keys, and the principal that
 * every credential ends in. */
#pragma once

#include "auth/permissions.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/id.h"

/* ---- the principal ---- */

enum ag_credential {
    AG_CRED_NONE = 0,
    AG_CRED_TOKEN = 1,  /* Authorization: Bearer <JWT> */
    AG_CRED_KEY = 2,    /* Authorization: Bearer agk_..., or x-api-key */
    AG_CRED_COOKIE = 4, /* the browser's session cookie */
    AG_CRED_ANY = 7,
};

enum { AG_KEY_MAX_AGENTS = 20 };

/* Who asks. Status and role are read from the database (at most 5 s old), never from a token. */
struct ag_principal {
    enum ag_credential credential; /* AG_CRED_NONE: nobody */
    struct ag_uuid user_id;        /* of a key of the organisation: who made it */
    struct ag_uuid org_id;         /* the organisation they act in */
    struct ag_uuid session_id;     /* nil for API keys */
    struct ag_uuid key_id;         /* nil unless an API key */
    bool is_admin;                 /* of the server */
    bool is_owner;                 /* of the organisation */
    bool is_personal;              /* the organisation is a person's own, with no other members */
    bool shared_key;               /* a key of the organisation, not of a person */
    bool is_visitor;               /* nobody known, who came by an agent's public link */
    bool premium;                  /* the organisation's plan */
    uint64_t permissions;          /* of the role, cut down to the key's scopes */
    int64_t org_per_minute;        /* the organisation's own limit of requests, or 0 */
    int64_t key_per_minute;        /* the key's own, or 0 */
    int64_t key_expires_at;        /* wall ms: when the key ends; 0: never, or no key */
    int64_t authenticated_at;      /* wall ms: when this session last proved who it is; 0: never */
    /* A key may be limited to some agents: then it uses these, and nothing that is no agent. */
    bool agents_limited;
    size_t agent_count;
    struct ag_uuid agent_ids[AG_KEY_MAX_AGENTS];
    /* As of when, both taken before the database was asked. */
    uint64_t epoch;     /* of what took rights away in this process */
    int64_t read_at_ms; /* monotonic */
};
/* Whether the principal holds `permission`. AG_PERM_PUBLIC: always; AG_PERM_UNSET: never. */
bool ag_principal_may(const struct ag_principal *principal, enum ag_permission permission);
/* Limits the principal to the agents of a JSON list of ids, as keys keep it; an empty list is no
 * limit. What is no id counts for nothing, so a list of such allows nothing at all. */
void ag_principal_limit(struct ag_principal *principal, struct ag_str json);
/* Whether the principal is not kept from this agent by such a limit. */
bool ag_principal_reaches(const struct ag_principal *principal, struct ag_uuid agent_id);
/* Whose private things the principal meets: the person's own. Nil, so nobody's, for a key of the
 * organisation, which is not its maker, and for visitors. */
struct ag_uuid ag_principal_viewer(const struct ag_principal *principal);
/* Whether nobody else can have private things in the organisation. */
bool ag_principal_alone(const struct ag_principal *principal);

/* ---- passwords: Argon2id, m = 19 MiB, t = 2, p = 1 ---- */

enum { AG_PASSWORD_MIN = 8, AG_PASSWORD_MAX = 1024, AG_PASSWORD_HASH_BYTES = 128 };

/* The threads that hash: `threads` at once, a short queue behind, then AG_E_OVERLOADED. Once per
 * process, before the loops run; stop after they have ended. AG_E_NO_MEMORY. */
enum ag_err ag_passwords_start(unsigned threads) AG_MUST_USE;
void ag_passwords_stop(void);
/* Whether `password` may be used: length in characters and not on the list of common ones (compared
 * without case). Returns NULL when fine, else a sentence that says how to mend it. */
const char *ag_password_problem(struct ag_str password);
/* PHC string into `out`. AG_E_OVERLOADED, AG_E_NO_MEMORY. */
enum ag_err ag_password_hash(struct ag_str password,
                             char out[AG_PASSWORD_HASH_BYTES]) AG_MUST_USE AG_SUSPENDS;
/* AG_OK, AG_E_BAD_CREDENTIALS, AG_E_OVERLOADED, AG_E_NO_MEMORY. With `hash` NULL it spends the same
 * time on a hash that nothing matches, so that an unknown account looks like a wrong password. */
enum ag_err ag_password_verify(struct ag_str password, const char *hash) AG_MUST_USE AG_SUSPENDS;

/* ---- our own tokens: JWT (RFC 7519), HS256 only, `typ` "at+jwt" (RFC 9068) ---- */

struct ag_jwt_key; /* a signing key with its cached state; immutable, shared by all loops */

enum { AG_JWT_MAX_BYTES = 512, AG_JWT_SECRET_MIN_BYTES = 32 };

struct ag_jwt_claims {
    struct ag_uuid session_id;         /* jti */
    struct ag_uuid user_id;            /* sub */
    int64_t issued_at_s, expires_at_s; /* iat, exp: seconds since 1970 */
};
/* AG_E_CONFIG when the secret is shorter than AG_JWT_SECRET_MIN_BYTES or a well-known one. */
enum ag_err ag_jwt_key_new(struct ag_str secret, struct ag_jwt_key **ret_key) AG_MUST_USE;
void ag_jwt_key_free(struct ag_jwt_key *key);
/* The token in the arena. AG_E_NO_MEMORY. Thread-safe. */
enum ag_err ag_jwt_sign(const struct ag_jwt_key *key, const struct ag_jwt_claims *claims,
                        struct ag_arena *arena, struct ag_str *ret_token) AG_MUST_USE;
/* Verifies that `token` is one of ours: the exact header (so `alg` and `typ` are fixed and `crit`
 * and the like do not exist), then the signature, only then the claims: `iss`, `aud`, `sub`, `jti`,
 * `iat` (60 s of leeway), `exp` (none), each once and no others. AG_E_UNAUTHENTICATED,
 * AG_E_TOKEN_EXPIRED, AG_E_NO_MEMORY. Thread-safe. */
enum ag_err ag_jwt_verify(const struct ag_jwt_key *key, struct ag_str token, int64_t now_s,
                          struct ag_jwt_claims *ret_claims) AG_MUST_USE;

/* ---- opaque secrets: API keys, session cookies, refresh tokens ---- */

enum { AG_SECRET_HASH_BYTES = 32, AG_KEY_PREFIX_BYTES = 12 };

/* A new secret: `prefix` and 32 random bytes in base64url, in the arena; its SHA-256 into `hash`.
 * AG_E_NO_MEMORY. */
enum ag_err ag_secret_new(const char *prefix, struct ag_arena *arena, struct ag_str *ret_secret,
                          uint8_t hash[AG_SECRET_HASH_BYTES]) AG_MUST_USE;
/* SHA-256 of a presented secret: what is looked up. */
void ag_secret_hash(struct ag_str secret, uint8_t hash[AG_SECRET_HASH_BYTES]);
/* Whether `text` has the form of an API key: "agk_" and 43 characters of base64url. */
bool ag_is_api_key(struct ag_str text);
