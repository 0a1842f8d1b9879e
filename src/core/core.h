/*
 * Core: the product's rules, without HTTP.
 *
 * A service takes a scope (who asks, for which organisation, in which arena) and plain documents.
 * It never learns how the request came or how the answer leaves.
 */
#pragma once

#include "auth/auth.h"
#include "cache/limiter.h"
#include "core/live_runs.h"
#include "llm/llm.h"
#include "runtime/sync.h"
#include "store/store.h"

#include <stdatomic.h>

enum {
    AG_SEEN_CREDENTIALS = 8192,
    AG_MAX_LOOPS = 64,
    AG_MAX_PROVIDERS = 16,
    AG_OAUTH_PROVIDERS = 3
};

/* An identity provider that people may sign in with; without a client id it is not configured. */
struct ag_oauth_provider {
    struct ag_str id, name; /* "google", "Google" */
    struct ag_str issuer;   /* of an OpenID provider; where people sign in to GitHub */
    struct ag_str api_url;  /* of GitHub; empty: an OpenID provider */
    struct ag_str client_id, client_secret, scopes;
    bool tells_auth_time; /* as OpenID Connect Core 3.1.2.1 wants it when asked with max_age */
    bool takes_edov;      /* its `xms_edov` may stand for an `email_verified` that it lacks */
};

struct ag_core_options {
    struct ag_str openai_key, openai_base_url;
    struct ag_str anthropic_key, anthropic_base_url;
    struct ag_str default_model; /* "provider/model"; empty: the first usable */
    struct ag_llm_limits limits;
    int64_t token_ttl_s, refresh_ttl_s;
    struct ag_str public_url; /* "https://agents.example.com", without a slash at its end */
    struct ag_oauth_provider oauth[AG_OAUTH_PROVIDERS];
};

struct ag_access_cache;
struct ag_agent_cache;
struct ag_detached_run;
struct ag_mailer;
struct ag_model_cache;
struct ag_oauth_cache;
struct ag_policy;
struct ag_warrant;

/* What belongs to one loop. */
struct ag_core_loop {
    struct ag_http_client *http;
    struct ag_access_cache *access;
    struct ag_agent_cache *agents;
    struct ag_model_cache *models;
    struct ag_oauth_cache *oauth;
    struct ag_policy *policy;
    _Atomic int64_t runs_active;
    struct ag_detached_run *detached; /* runs that need no client; this loop's alone */
    _Atomic unsigned detached_count;
    /* Requests that are answered long, and who looks after them (core/warrant.h). */
    struct ag_warrant *warrants;
    struct ag_cond warrants_begun;
    struct ag_fiber *warden;
};

struct ag_core {
    struct ag_db *db;
    struct ag_jwt_key *jwt;
    struct ag_egress *egress;
    struct ag_limiter *limiter; /* NULL: no limits */
    struct ag_core_options options;
    struct ag_llm_endpoint endpoints[AG_MAX_PROVIDERS]; /* in the order of ag_providers */
    bool usable[AG_MAX_PROVIDERS];
    struct ag_uuid boot_id;        /* this process */
    _Atomic uint64_t agents_epoch; /* raised by every change of an agent */
    _Atomic uint64_t access_epoch; /* raised by whatever takes rights away */
    /* Hashes of credentials that were some when they were looked up last. */
    _Atomic uint64_t seen[AG_SEEN_CREDENTIALS];
    _Atomic uint64_t policy_epoch; /* raised by every change of settings and blocks */
    struct ag_mailer *mailer;      /* NULL: mails are written into the log */
    bool sends_mail;               /* servers write to people; commands do not */
    struct ag_live_runs live;      /* what is being answered now, all loops */
    struct ag_core_loop loops[AG_MAX_LOOPS];
    /* counters for /metrics */
    _Atomic uint64_t runs_completed, runs_failed, runs_cancelled, tokens_in, tokens_out;
};

/* Sets endpoints and the boot id; db, jwt, egress and limiter are the caller's. */
void ag_core_init(struct ag_core *core, const struct ag_core_options *options);
/* Every loop has ended. */
void ag_core_done(struct ag_core *core);
/* Makes and frees what this thread's loop needs. */
enum ag_err ag_core_attach(struct ag_core *core) AG_MUST_USE;
void ag_core_detach(struct ag_core *core);
/* This thread's part. */
struct ag_core_loop *ag_core_loop(struct ag_core *core);
/* Mends what an earlier process left behind and forgets what has expired. On a fiber. */
enum ag_err ag_core_recover(struct ag_core *core) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_core_housekeep(struct ag_core *core) AG_MUST_USE AG_SUSPENDS;

/* Runs of this thread's loop that go on without a client, and how a server that stops ends them:
 * they have failed then, interrupted. */
unsigned ag_core_detached(struct ag_core *core);
unsigned ag_core_detached_everywhere(struct ag_core *core); /* of all loops; any thread */
void ag_core_stop_detached(struct ag_core *core);

/* Who asks, and in which memory. */
struct ag_scope {
    struct ag_core *core;
    struct ag_arena *arena;
    struct ag_principal who;
    struct ag_str ip, user_agent;
    bool ip_is_proxys; /* `ip` is that of a proxy that nobody named: of all its clients */
    /* When a refusal with AG_E_RATE_LIMITED may be tried again; 0: not told. */
    int64_t retry_after_s;
    /* The id that a created resource gets: nil, or the one an Idempotency-Key reserved. */
    struct ag_uuid reserved_id;
    /* Where validation mistakes go. */
    struct ag_field_errors *errors;
};

/* ---- the audit log ---- */

/* Writes what the principal did, `details` a JSON object without secrets, into the log of the
 * organisation that it acts in. */
enum ag_err ag_audit(struct ag_tx *tx, const struct ag_scope *scope, const char *action,
                     struct ag_str details) AG_MUST_USE;
/* The same in the log of another organisation, or, when `org` is nil, of the server; `user` (nil:
 * nobody) is who did it or whom it happened to. */
enum ag_err ag_audit_in(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid org,
                        struct ag_uuid user, const char *action, struct ag_str details) AG_MUST_USE;

/* ---- identity ---- */

struct ag_register_input {
    uint64_t set;
    struct ag_str name, email, password;
    struct ag_str invitation; /* the token of one; empty: none */
};
struct ag_login_input {
    uint64_t set;
    struct ag_str email, password;
};
struct ag_refresh_input {
    uint64_t set;
    struct ag_str refresh_token;
};
struct ag_me_input {
    uint64_t set;
    struct ag_str name, current_password, new_password;
};
enum { AG_ME_NAME, AG_ME_CURRENT_PASSWORD, AG_ME_NEW_PASSWORD };
extern const struct ag_schema ag_register_schema, ag_login_schema, ag_refresh_schema,
    ag_me_input_schema;

/* The account that asks, and what it may do in the organisation it acts in. */
struct ag_me {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name, email, role;
    struct ag_uuid org_id; /* the personal organisation */
    bool email_verified;
    bool has_password;
    struct ag_org org;          /* the one it acts in */
    struct ag_list permissions; /* struct ag_str */
    int64_t recent_until;
    int64_t created_at;
};
enum { AG_ME_RECENT_UNTIL = 9 };
extern const struct ag_schema ag_me_schema;

/* A signed-in session: what register, login and refresh answer. */
struct ag_grant {
    uint64_t set;
    struct ag_str token;
    int64_t expires_at;
    struct ag_str refresh_token;
    int64_t refresh_expires_at;
    struct ag_user user;
    struct ag_str cookie; /* the browser's secret; not in the body */
};
extern const struct ag_schema ag_grant_schema;

/* With an invitation also joins its organisation, in one transaction. AG_E_EMAIL_TAKEN,
 * AG_E_INVALID, AG_E_CONFLICT (the organisation is full), AG_E_OVERLOADED. */
enum ag_err ag_register(struct ag_scope *scope, const struct ag_register_input *input,
                        struct ag_grant *ret_grant) AG_MUST_USE AG_SUSPENDS;
/* AG_E_BAD_CREDENTIALS, AG_E_OVERLOADED. */
enum ag_err ag_login(struct ag_scope *scope, const struct ag_login_input *input,
                     struct ag_grant *ret_grant) AG_MUST_USE AG_SUSPENDS;
/* Trades a refresh token for a new pair. One that was used before revokes its whole session.
 * AG_E_UNAUTHENTICATED. */
enum ag_err ag_refresh(struct ag_scope *scope, struct ag_str refresh_token,
                       struct ag_grant *ret_grant) AG_MUST_USE AG_SUSPENDS;
/* Revokes the principal's session, at once on every loop of this process. */
enum ag_err ag_logout(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_me(struct ag_scope *scope, struct ag_me *ret_me) AG_MUST_USE AG_SUSPENDS;
/* Whether the session proved who it is within AG_RECENT_LOGIN_MS, as what cannot be undone asks.
 * AG_E_REAUTH, AG_E_FORBIDDEN (an API key). */
enum { AG_RECENT_LOGIN_MS = 15 * 60 * 1000 };
enum ag_err ag_require_recent(struct ag_scope *scope) AG_MUST_USE;
/* Changes the principal's account. A new password needs the current one, or a recent sign-in where
 * there is none yet, and ends every other session, at once on every loop of this process.
 * AG_E_INVALID, AG_E_FORBIDDEN (an API key cannot change a password), AG_E_OVERLOADED, AG_E_STALE.
 */
enum ag_err ag_me_change(struct ag_scope *scope, const struct ag_me_input *input,
                         struct ag_me *ret_me) AG_MUST_USE AG_SUSPENDS;
/* Turns any credential into the principal: the one place where rights begin. `kind` says how it
 * was carried. AG_E_UNAUTHENTICATED, AG_E_TOKEN_EXPIRED, AG_E_STORAGE. */
enum ag_err ag_authenticate(struct ag_core *core, struct ag_arena *arena, enum ag_credential kind,
                            struct ag_str secret,
                            struct ag_principal *ret_who) AG_MUST_USE AG_SUSPENDS;
/* Whether this loop has resolved the credential a moment ago; asks no database. */
bool ag_authenticate_known(struct ag_core *core, enum ag_credential kind, struct ag_str secret,
                           struct ag_principal *ret_who);
/* Whether the credential was one when this process looked it up last, so that looking it up again
 * is no guess. Forgets the oldest ones. */
bool ag_authenticate_seen(struct ag_core *core, struct ag_str secret);

/* Whether what is known of a principal may not be used any more, as it would not be for a request
 * that comes now: something took rights away since in this process, or it is older than 5 s. */
bool ag_principal_outdated(struct ag_core *core, const struct ag_principal *who);

/* What is known of a principal is younger; so, however it is looked at again, at most 5 s old. */
enum { AG_FRESH_MS = 4000 };
/* Reads the principal again, unless it is fresh: nothing took rights away since in this process,
 * and another instance had no time to. AG_E_UNAUTHENTICATED, AG_E_TOKEN_EXPIRED; AG_E_FORBIDDEN,
 * also without `permission`. */
enum ag_err ag_principal_renew(struct ag_scope *scope,
                               enum ag_permission permission) AG_MUST_USE AG_SUSPENDS;

/* How many there may be at a time: of each person in an organisation, and of the organisation. */
enum { AG_KEYS_PER_PERSON = 200, AG_KEYS_SHARED = 200, AG_KEY_MAX_PER_MINUTE = 100000 };

/* A new key, or what changes of one: a schema for each. */
struct ag_api_key_input {
    uint64_t set;
    struct ag_str name;
    int64_t expires_at;
    int64_t requests_per_minute;
    struct ag_list agent_ids; /* struct ag_uuid */
    struct ag_list scopes;    /* struct ag_str; new ones only, as the next */
    bool shared;
};
enum {
    AG_API_KEY_INPUT_NAME,
    AG_API_KEY_INPUT_EXPIRES,
    AG_API_KEY_INPUT_RATE,
    AG_API_KEY_INPUT_AGENTS,
};
extern const struct ag_schema ag_api_key_input_schema, ag_api_key_patch_schema;
/* A key holds no more than who makes it, and one that is made with a key neither outlives nor
 * outranks that. AG_E_INVALID, AG_E_FORBIDDEN, AG_E_CONFLICT: there are too many. */
enum ag_err ag_api_key_create(struct ag_scope *scope, const struct ag_api_key_input *input,
                              struct ag_api_key *ret_key) AG_MUST_USE AG_SUSPENDS;
/* One's own; with keys:manage everybody's of the organisation. `by_shared` as in the filter. */
enum ag_err ag_api_key_list(struct ag_scope *scope, bool by_shared, bool shared,
                            const struct ag_page *page,
                            struct ag_list *ret_keys) AG_MUST_USE AG_SUSPENDS;
/* One's own and those of the organisation, by a person who signed in; never its scopes.
 * AG_E_NOT_FOUND, AG_E_INVALID, AG_E_FORBIDDEN. */
enum ag_err ag_api_key_change(struct ag_scope *scope, struct ag_uuid id,
                              const struct ag_api_key_input *input,
                              struct ag_api_key *ret_key) AG_MUST_USE AG_SUSPENDS;
/* With every key that was made with it, at once on every loop of this process. AG_E_NOT_FOUND. */
enum ag_err ag_api_key_revoke(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;

/* ---- agents ---- */

struct ag_variable {
    uint64_t set;
    struct ag_str name, type, def, description;
    bool required;
};
enum { AG_VARIABLE_DEFAULT = 2 };

struct ag_memory_config {
    uint64_t set;
    int64_t history_turns;
};
struct ag_limits_config {
    uint64_t set;
    int64_t timeout_s;
};
struct ag_agent_config {
    uint64_t set;
    struct ag_str provider, model;
    double temperature, top_p;
    int64_t max_tokens;
    struct ag_list stop; /* struct ag_str */
    struct ag_str response_style, language, instructions, persona;
    struct ag_list variables; /* struct ag_variable */
    struct ag_uuid prompt_id;
    struct ag_str greeting;
    struct ag_list suggested_questions; /* struct ag_str */
    struct ag_str response_format;
    struct ag_str json_schema;
    struct ag_memory_config memory;
    struct ag_list fallback_models; /* struct ag_str: "provider/model" */
    struct ag_limits_config limits;
};
enum {
    AG_CONFIG_TEMPERATURE = 2,
    AG_CONFIG_TOP_P,
    AG_CONFIG_MAX_TOKENS,
    AG_CONFIG_PROMPT_ID = 11,
    AG_CONFIG_JSON_SCHEMA = 15,
    AG_CONFIG_MEMORY,
    AG_CONFIG_LIMITS = 18,
};
extern const struct ag_schema ag_agent_config_schema, ag_variable_schema;

/* A new agent, the whole of a changed one, or what changes of one: a schema for each. */
struct ag_agent_input {
    uint64_t set;
    struct ag_str name, description;
    struct ag_agent_config config;
    /* New ones only. */
    struct ag_agent_draft draft;
    struct ag_str visibility;
};
enum {
    AG_AGENT_INPUT_NAME,
    AG_AGENT_INPUT_DESCRIPTION,
    AG_AGENT_INPUT_CONFIG,
    AG_AGENT_INPUT_DRAFT,
    AG_AGENT_INPUT_VISIBILITY,
};
extern const struct ag_schema ag_new_agent_schema, ag_agent_input_schema, ag_agent_patch_schema;

/* What a change expects to find, beside a version or revision of its own. */
enum {
    AG_ANY_VERSION = -1, /* whatever is there */
    AG_NO_VERSION = -2,  /* nothing that ever is */
};

/* Published at once, or with a draft alone as something to go on with. AG_E_INVALID. */
enum ag_err ag_agent_create(struct ag_scope *scope, const struct ag_agent_input *input,
                            struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Published at once. AG_E_STALE, AG_E_NOT_FOUND, AG_E_INVALID. */
enum ag_err ag_agent_replace(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                             const struct ag_agent_input *input,
                             struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Published at once; of a never published agent the working copy of `if_revision` changes. The same
 * errors. */
enum ag_err ag_agent_patch(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                           int64_t if_revision, const struct ag_agent_input *input,
                           struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* A new agent like that one, working copy included. AG_E_NOT_FOUND, AG_E_STALE. */
enum ag_err ag_agent_duplicate(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                               struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Its creator may, and who holds agents:delete. AG_E_FORBIDDEN, AG_E_NOT_FOUND, AG_E_STALE. */
enum ag_err ag_agent_delete(struct ag_scope *scope, struct ag_uuid id,
                            int64_t if_version) AG_MUST_USE AG_SUSPENDS;
/* Undoes that, for whoever may do it; what is there stays as it is. AG_E_FORBIDDEN,
 * AG_E_NOT_FOUND. */
enum ag_err ag_agent_restore(struct ag_scope *scope, struct ag_uuid id,
                             struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;

/* Whom it is there for: its creator alone, the organisation, or everybody who has its link, too.
 * Each time it is opened to everybody the link is a new one. AG_E_FORBIDDEN, AG_E_NOT_FOUND,
 * AG_E_STALE, AG_E_AGENT_NOT_PUBLISHED. */
struct ag_visibility_input {
    uint64_t set;
    struct ag_str visibility;
};
extern const struct ag_schema ag_visibility_schema;
enum ag_err ag_agent_share(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                           const struct ag_visibility_input *input,
                           struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* AG_E_NOT_FOUND when it is somebody else's private one, deleted or not. */
enum ag_err ag_agent_hidden(struct ag_scope *scope, struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;

/* Puts a new working copy in the place of the one before. AG_E_STALE, AG_E_NOT_FOUND,
 * AG_E_TOO_LARGE. */
enum ag_err ag_agent_save_draft(struct ag_scope *scope, struct ag_uuid id, int64_t if_revision,
                                const struct ag_agent_draft *draft,
                                struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Forgets the working copy; of a never published agent nothing is left, so it is deleted. */
enum ag_err ag_agent_discard_draft(struct ag_scope *scope, struct ag_uuid id,
                                   int64_t if_revision) AG_MUST_USE AG_SUSPENDS;
/* The working copy becomes what runs. AG_E_INVALID names all that it lacks; AG_E_CONFLICT: there
 * is none; AG_E_STALE, AG_E_NOT_FOUND. */
enum ag_err ag_agent_publish(struct ag_scope *scope, struct ag_uuid id, int64_t if_revision,
                             struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;

/* ---- prompts ---- */

struct ag_prompt_metadata {
    uint64_t set;
    struct ag_str category;
    struct ag_list tags; /* struct ag_str */
};
struct ag_prompt_input {
    uint64_t set;
    struct ag_str name;
    struct ag_str prompt_text;
    struct ag_prompt_metadata metadata;
};
extern const struct ag_schema ag_prompt_metadata_schema, ag_prompt_input_schema;

enum ag_err ag_prompt_create(struct ag_scope *scope, const struct ag_prompt_input *input,
                             struct ag_prompt *ret_prompt) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_prompt_replace(struct ag_scope *scope, struct ag_uuid id, int64_t if_version,
                              const struct ag_prompt_input *input,
                              struct ag_prompt *ret_prompt) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_prompt_delete(struct ag_scope *scope, struct ag_uuid id,
                             int64_t if_version) AG_MUST_USE AG_SUSPENDS;
/* Undoes that; what is there stays as it is. AG_E_NOT_FOUND. */
enum ag_err ag_prompt_restore(struct ag_scope *scope, struct ag_uuid id,
                              struct ag_prompt *ret_prompt) AG_MUST_USE AG_SUSPENDS;

/* ---- lists ---- */

struct ag_list_query {
    uint64_t set;
    int64_t limit;
    struct ag_str cursor, q, sort;
    struct ag_str filters[AG_PAGE_FILTERS]; /* the list's own */
};
extern const struct ag_schema ag_cursor_query_schema; /* limit, cursor */
/* limit, cursor, q, sort and the list's own filters */
extern const struct ag_schema ag_agent_query_schema, ag_prompt_query_schema;

/* Reads a cursor into `page`; one that was not made here is AG_E_INVALID on field `cursor`. */
enum ag_err ag_cursor_decode(struct ag_str cursor, struct ag_page *page, struct ag_arena *arena,
                             struct ag_field_errors *errors) AG_MUST_USE;
/* The cursor behind a row: base64url of the sort key and the id. */
enum ag_err ag_cursor_encode(const struct ag_page *page, struct ag_uuid id, int64_t time,
                             struct ag_str name, struct ag_arena *arena,
                             struct ag_str *ret_cursor) AG_MUST_USE;
/* The page a query asks for. One row more than `limit` is read to know whether there is a next. */
enum ag_err ag_page_from_query(const struct ag_list_query *query, struct ag_arena *arena,
                               struct ag_field_errors *errors,
                               struct ag_page *ret_page) AG_MUST_USE;
