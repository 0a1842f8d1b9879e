/* Discovery documents and key sets: asked for once by whoever needs them first on a loop, while the
 * others wait; kept for ten minutes, a failure for five seconds. */
#include "base/fault.h"
#include "core/oauth_client.h"
#include "runtime/sync.h"

enum {
    FRESH_MS = 10 * 60 * 1000,
    FAILED_FRESH_MS = 5 * 1000,
    NEWER_MS = 60 * 1000, /* a key that is not there is looked for again, but not all the time */
    WAIT_MS = 15 * 1000,  /* for somebody else who asks */
};

struct known {
    struct ag_arena arena; /* of what follows */
    struct ag_oidc_metadata metadata;
    struct ag_oidc_keys keys;
    int64_t asked_ms; /* monotonic; 0: never */
    enum ag_err err;  /* of the last time */
    char why[AG_DIAG_TEXT_BYTES];
    bool busy; /* somebody asks */
    struct ag_cond done;
};

struct ag_oauth_cache {
    struct known known[AG_OAUTH_PROVIDERS];
};

enum ag_err ag_oauth_cache_new(struct ag_oauth_cache **ret_cache)
{
    struct ag_oauth_cache *cache = calloc(1, sizeof(*cache));
    if (!cache) return ag_fail(AG_E_NO_MEMORY, "no memory for the cache of identity providers");
    for (size_t i = 0; i < AG_OAUTH_PROVIDERS; i++)
        ag_arena_init(&cache->known[i].arena);
    *ret_cache = cache;
    return AG_OK;
}

void ag_oauth_cache_free(struct ag_oauth_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < AG_OAUTH_PROVIDERS; i++)
        ag_arena_done(&cache->known[i].arena);
    free(cache);
}

/* ---- asking ---- */

static enum ag_err get(struct ag_core *core, const struct ag_oauth_provider *provider,
                       struct ag_str url, struct ag_arena *arena, struct ag_str *ret_body)
{
    const struct ag_oauth_question question = {
        .method = "GET",
        .url = url,
        .headers = {"Accept: application/json"},
        .max_bytes = AG_OIDC_DOCUMENT_MAX_BYTES,
    };
    return ag_oauth_get(core, provider, &question, arena, ret_body);
}

/* Both documents; the raw ones are in `scratch`, what is kept of them in `arena`. */
static enum ag_err learn(struct ag_core *core, const struct ag_oauth_provider *provider,
                         struct ag_arena *scratch, struct ag_arena *arena,
                         struct ag_oidc_metadata *metadata, struct ag_oidc_keys *keys)
{
    struct ag_str url, document;
    AG_TRY(ag_oidc_discovery_url(provider->issuer, scratch, &url));
    AG_TRY(get(core, provider, url, scratch, &document));
    AG_TRY(ag_oidc_metadata_parse(document, provider->issuer, arena, metadata));
    AG_TRY(get(core, provider, metadata->jwks_uri, scratch, &document));
    return ag_oidc_keys_parse(document, arena, keys);
}

/* Asks and takes over what is said. Nobody waits in between, so nothing is seen half made. */
static void ask(struct ag_core *core, const struct ag_oauth_provider *provider, struct known *known)
{
    struct ag_arena scratch, arena;
    struct ag_oidc_metadata metadata;
    struct ag_oidc_keys keys;
    ag_arena_init(&scratch);
    ag_arena_init(&arena);
    known->busy = true;
    enum ag_err err = learn(core, provider, &scratch, &arena, &metadata, &keys);
    known->busy = false;
    if (err != AG_E_CANCELED) { /* then nobody knows, and the next one asks anew */
        known->asked_ms = ag_mono_ms();
        known->err = err;
        snprintf(known->why, sizeof(known->why), "%s", ag_diag_text(err));
    }
    if (err == AG_OK) {
        ag_arena_done(&known->arena);
        known->arena = arena;
        known->metadata = metadata;
        known->keys = keys;
    } else {
        ag_arena_done(&arena);
    }
    ag_arena_done(&scratch);
    ag_cond_broadcast(&known->done);
}

static bool is_fresh(const struct known *known, bool newer)
{
    int64_t age_ms = ag_mono_ms() - known->asked_ms;
    if (known->asked_ms == 0) return false;
    if (known->err != AG_OK) return age_ms < FAILED_FRESH_MS;
    if (newer && AG_FAULT(oauth_keys_old)) return false;
    return age_ms < (newer ? NEWER_MS : FRESH_MS);
}

/* What is known of the provider: valid until the next wait. */
static enum ag_err look(struct ag_core *core, const struct ag_oauth_provider *provider, bool newer,
                        const struct known **ret_known)
{
    size_t index = (size_t)(provider - core->options.oauth);
    struct known *known = &ag_core_loop(core)->oauth->known[index];
    ag_deadline_ms deadline = ag_deadline_in(WAIT_MS);
    bool asked = false;
    while (known->busy || !is_fresh(known, newer)) {
        if (known->busy) {
            AG_TRY(ag_cond_wait(&known->done, deadline));
            continue;
        }
        if (asked) break;
        ask(core, provider, known);
        asked = true;
    }
    if (ag_fiber_canceled()) return ag_fail(AG_E_CANCELED, "nobody waits for this any more");
    if (known->err != AG_OK) return ag_fail(known->err, "%s", known->why);
    *ret_known = known;
    return AG_OK;
}

/* ---- copies for whoever asked ---- */

static enum ag_err copy_text(struct ag_str *text, struct ag_arena *arena)
{
    *text = ag_arena_copy(arena, *text);
    return text->data ? AG_OK : ag_fail(AG_E_NO_MEMORY, "no memory for an identity provider");
}

enum ag_err ag_oauth_metadata(struct ag_core *core, const struct ag_oauth_provider *provider,
                              struct ag_arena *arena, struct ag_oidc_metadata *ret_metadata)
{
    const struct known *known;
    AG_TRY(look(core, provider, false, &known));
    struct ag_oidc_metadata copy = known->metadata;
    struct ag_str *const texts[] = {&copy.issuer, &copy.authorization_endpoint,
                                    &copy.token_endpoint, &copy.jwks_uri, &copy.userinfo_endpoint};
    for (size_t i = 0; i < AG_COUNT(texts); i++)
        AG_TRY(copy_text(texts[i], arena));
    *ret_metadata = copy;
    return AG_OK;
}

enum ag_err ag_oauth_keys(struct ag_core *core, const struct ag_oauth_provider *provider,
                          bool newer, struct ag_arena *arena, struct ag_oidc_keys *ret_keys)
{
    const struct known *known;
    AG_TRY(look(core, provider, newer, &known));
    struct ag_oidc_keys copy = {AG_ARENA_ARRAY(arena, struct ag_oidc_key, known->keys.count),
                                known->keys.count};
    if (!copy.items) return ag_fail(AG_E_NO_MEMORY, "no memory for an identity provider");
    for (size_t i = 0; i < copy.count; i++) {
        copy.items[i] = known->keys.items[i];
        AG_TRY(copy_text(&copy.items[i].kid, arena));
        AG_TRY(copy_text(&copy.items[i].jwk, arena));
    }
    *ret_keys = copy;
    return AG_OK;
}
