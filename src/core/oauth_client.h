/* What is asked of identity providers. Internal to core/. */
#pragma once

#include "auth/oidc.h"
#include "core/internal.h"

/* What OpenID providers say about themselves, per loop, at most 10 minutes old. */
struct ag_oauth_cache;
enum ag_err ag_oauth_cache_new(struct ag_oauth_cache **ret_cache) AG_MUST_USE;
void ag_oauth_cache_free(struct ag_oauth_cache *cache);

/* The provider of this id that is configured, or NULL. */
const struct ag_oauth_provider *ag_oauth_provider(const struct ag_core *core, struct ag_str id);
static inline bool ag_oauth_is_github(const struct ag_oauth_provider *provider)
{
    return provider->api_url.len > 0;
}
/* "https://agents.example.com/v1/auth/oauth/google/callback": the one redirect URI of a provider.
 */
enum ag_err ag_oauth_redirect_uri(const struct ag_core *core,
                                  const struct ag_oauth_provider *provider, struct ag_arena *arena,
                                  struct ag_str *ret_uri) AG_MUST_USE;

/* ---- asking, in oauth_client.c ---- */

struct ag_oauth_question {
    const char *method;
    struct ag_str url;
    const char *headers[6]; /* beside User-Agent; NULL at the end */
    struct ag_str body;     /* of POST, as a form */
    size_t max_bytes;       /* of the answer */
};
/* The status and body of the answer. What the operator's settings name may be on a private
 * address; what the provider's own document names may not. AG_E_UPSTREAM_*, AG_E_EGRESS_DENIED,
 * AG_E_NO_MEMORY. */
enum ag_err ag_oauth_ask(struct ag_core *core, const struct ag_oauth_provider *provider,
                         const struct ag_oauth_question *question, struct ag_arena *arena,
                         int *ret_status, struct ag_str *ret_body) AG_MUST_USE AG_SUSPENDS;
/* The body of a 200, of a GET. The same errors. */
enum ag_err ag_oauth_get(struct ag_core *core, const struct ag_oauth_provider *provider,
                         const struct ag_oauth_question *question, struct ag_arena *arena,
                         struct ag_str *ret_body) AG_MUST_USE AG_SUSPENDS;

/* ---- what providers say about themselves, in oauth_metadata.c ---- */

/* The metadata of an OpenID provider, copied into the arena. AG_E_UPSTREAM_*, AG_E_EGRESS_DENIED,
 * AG_E_TIMEOUT, AG_E_NO_MEMORY. */
enum ag_err ag_oauth_metadata(struct ag_core *core, const struct ag_oauth_provider *provider,
                              struct ag_arena *arena,
                              struct ag_oidc_metadata *ret_metadata) AG_MUST_USE AG_SUSPENDS;

/* The same with its keys. With `newer`, those of at most a minute ago: AG_E_NOT_FOUND when they are
 * what the caller has seen. */
enum ag_err ag_oauth_keys(struct ag_core *core, const struct ag_oauth_provider *provider,
                          bool newer, struct ag_arena *arena,
                          struct ag_oidc_keys *ret_keys) AG_MUST_USE AG_SUSPENDS;

/* ---- a code, in oauth_client.c ---- */

/* What a code is traded for. */
struct ag_oauth_code {
    struct ag_str code, verifier, nonce;
    int64_t signed_in_since_s; /* 0, or when they must have signed in there at the earliest */
};
/* Trades the code and asks who it is. The errors above; AG_E_FORBIDDEN when they did not sign in
 * since. All of it within 15 s. */
enum ag_err ag_oauth_identify(struct ag_core *core, const struct ag_oauth_provider *provider,
                              const struct ag_oauth_code *code, struct ag_arena *arena,
                              struct ag_oidc_identity *ret_identity) AG_MUST_USE AG_SUSPENDS;
