/*
 * The store: every SQL statement of the product, one file per entity.
 *
 * Reads take the database and the caller's arena; writes take the transaction they are part of.
 * Every function on a tenant's table takes the organisation first, so that no statement can forget
 * it. "Not there" and "another tenant's" are the same AG_E_NOT_FOUND.
 */
#pragma once

#include "base/fields.h"
#include "db/db.h"

/* All statements, for ag_db_register(). */
extern const struct ag_stmt_table ag_store_tables[];
extern const size_t ag_store_table_count;

/* Marks field `index` of a document as having a value. */
#define AG_SET(doc, index) ((doc)->set |= UINT64_C(1) << (index))

/* ---- paging: keyset by (sort key, id) ---- */

enum ag_sort_key { AG_SORT_CREATED, AG_SORT_UPDATED, AG_SORT_NAME, AG_SORT_KEYS };
enum { AG_PAGE_FILTERS = 2 };

struct ag_page {
    enum ag_sort_key key;
    bool descending;
    int64_t limit;        /* 1..100 */
    struct ag_str search; /* what `?q=` said; empty for all */
    /* what the list's own filters ask for, in the order of its statement; empty: anything */
    struct ag_str filters[AG_PAGE_FILTERS];
    /* where the last page ended */
    bool has_after;
    struct ag_uuid after_id;
    int64_t after_time;       /* AG_SORT_UPDATED */
    struct ag_str after_name; /* AG_SORT_NAME */
    /* nil, or the row behind which the search for this page was given up */
    struct ag_uuid stopped_at;
};
/* "%text%" with LIKE's own characters escaped by '\', or "%" for everything. Statements compare it
 * in lower case, which the database makes of it: what is a small letter differs between them. */
enum ag_err ag_page_pattern(const struct ag_page *page, struct ag_arena *arena,
                            struct ag_str *ret_pattern) AG_MUST_USE;

/* ---- accounts ---- */

struct ag_user {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    struct ag_str email;   /* lower case */
    struct ag_str role;    /* user | admin */
    struct ag_uuid org_id; /* the personal organisation */
    bool email_verified;
    int64_t created_at;
    /* not shown */
    struct ag_str password_hash; /* data NULL: none */
    struct ag_str status;        /* active | suspended */
};
extern const struct ag_schema ag_user_schema;

/* Inserts the user with its personal organisation and ownership of it. AG_E_EXISTS: the e-mail. */
enum ag_err ag_users_insert(struct ag_tx *tx, const struct ag_user *user) AG_MUST_USE;
/* Whether this transaction is the first ever to claim `name`, however many try at once. The first
 * account becomes administrator that way. */
enum ag_err ag_once(struct ag_tx *tx, const char *name, bool *ret_first) AG_MUST_USE;
enum ag_err ag_users_by_email(struct ag_db *db, struct ag_arena *arena, struct ag_str email,
                              struct ag_user *ret_user) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_users_by_id(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                           struct ag_user *ret_user) AG_MUST_USE AG_SUSPENDS;
/* Writes the name, and the password unless `password_hash` has no data, if the stored hash is still
 * `hash_before` (data NULL: there is none). AG_E_STALE. */
enum ag_err ag_users_update(struct ag_tx *tx, struct ag_uuid id, struct ag_str name,
                            struct ag_str password_hash, struct ag_str hash_before) AG_MUST_USE;
/* The two look-ups as a part of a transaction. */
enum ag_err ag_users_find_by_email(struct ag_tx *tx, struct ag_str email,
                                   struct ag_user *ret_user) AG_MUST_USE;
enum ag_err ag_users_find_by_id(struct ag_tx *tx, struct ag_uuid id,
                                struct ag_user *ret_user) AG_MUST_USE;

/* ---- organisations ---- */

/* An organisation as one of its members sees it. */
struct ag_org {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    bool personal;
    struct ag_str plan;      /* free | premium */
    struct ag_str role;      /* the member's: a built-in one; viewer below a role of one's own */
    struct ag_uuid role_id;  /* with AG_ORG_ROLE_ID: that role's */
    struct ag_str role_name; /* what to call it */
    int64_t created_at;
};
enum { AG_ORG_ROLE_ID = 5 };
extern const struct ag_schema ag_org_schema;

/* AG_E_NOT_FOUND: also when `user` is no member of it. */
enum ag_err ag_orgs_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                        struct ag_uuid user, struct ag_org *ret_org) AG_MUST_USE AG_SUSPENDS;

/* ---- sessions ---- */

struct ag_session {
    struct ag_uuid id, user_id;
    struct ag_str cookie_hash; /* 32 bytes */
    struct ag_str user_agent, ip;
    int64_t created_at, expires_at;
    int64_t authenticated_at; /* when they proved who they are; not after the first */
};
/* What a credential leads to. */
struct ag_access {
    struct ag_uuid user_id, session_id, key_id;
    struct ag_uuid org_id;      /* the organisation that the session or key acts in */
    struct ag_str role, status; /* of the account: user | admin, active | suspended */
    struct ag_str org_role;     /* of the member; empty: no member (any more) */
    struct ag_str permissions;  /* of the member's own role: a JSON list; data NULL: none */
    struct ag_str plan;         /* of the organisation */
    bool personal;              /* it is a person's own */
    int64_t org_per_minute;     /* 0: as its plan has it */
    int64_t expires_at;         /* of the session or key; 0: never */
    int64_t last_used_at;       /* 0: never */
    int64_t authenticated_at;   /* sessions; 0: not known */
    bool revoked;
    /* keys */
    bool shared;
    struct ag_str scopes, agent_ids; /* JSON lists */
    int64_t key_per_minute;          /* 0: none of its own */
};
enum ag_err ag_sessions_insert(struct ag_tx *tx, const struct ag_session *session) AG_MUST_USE;
enum ag_err ag_sessions_access(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                               struct ag_access *ret_access) AG_MUST_USE AG_SUSPENDS;
/* The same in one organisation, wherever the session acts now; AG_E_NOT_FOUND also when its person
 * is no member there. */
enum ag_err ag_sessions_access_in(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                                  struct ag_uuid org,
                                  struct ag_access *ret_access) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_sessions_access_by_cookie(struct ag_db *db, struct ag_arena *arena,
                                         struct ag_str cookie_hash,
                                         struct ag_access *ret_access) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_sessions_touch(struct ag_tx *tx, struct ag_uuid id, int64_t now) AG_MUST_USE;
enum ag_err ag_sessions_revoke(struct ag_tx *tx, struct ag_uuid id, int64_t now) AG_MUST_USE;
/* All of the user's but `kept`, which may be nil. */
enum ag_err ag_sessions_revoke_others(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid kept,
                                      int64_t now) AG_MUST_USE;
/* Replaces the browser's secret when a session is refreshed. */
enum ag_err ag_sessions_renew(struct ag_tx *tx, struct ag_uuid id, struct ag_str cookie_hash,
                              int64_t expires_at) AG_MUST_USE;

/* One that has not been revoked. AG_E_NOT_FOUND: also when it is not the user's. */
enum ag_err ag_sessions_revoke_own(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid id,
                                   int64_t now) AG_MUST_USE;
/* It has proved once more who it is. AG_E_UNAUTHENTICATED when it was revoked meanwhile. */
enum ag_err ag_sessions_authenticated(struct ag_tx *tx, struct ag_uuid id, int64_t now) AG_MUST_USE;

/* A session as its owner sees it. */
struct ag_session_info {
    uint64_t set;
    struct ag_uuid id;
    bool current;
    struct ag_str user_agent, ip;
    int64_t created_at, last_used_at, expires_at;
};
enum { AG_SESSION_LAST_USED = 5 };
extern const struct ag_schema ag_session_schema;
/* Those that last, newest first; `current` is the one that asks. */
enum ag_err ag_sessions_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                             struct ag_uuid current, const struct ag_page *page,
                             struct ag_list *ret_sessions) AG_MUST_USE AG_SUSPENDS;

struct ag_refresh {
    struct ag_uuid session_id, user_id;
    struct ag_uuid org_id; /* the person's own */
    int64_t expires_at;
    bool used, revoked;   /* used before; its session is revoked */
    struct ag_str status; /* the account's */
};
/* Whether it was neither revoked nor has expired. */
enum ag_err ag_sessions_live(struct ag_tx *tx, struct ag_uuid id, int64_t now,
                             bool *ret_live) AG_MUST_USE;
enum ag_err ag_refresh_insert(struct ag_tx *tx, struct ag_str hash, struct ag_uuid session_id,
                              int64_t now, int64_t expires_at) AG_MUST_USE;
enum ag_err ag_refresh_get(struct ag_tx *tx, struct ag_str hash,
                           struct ag_refresh *ret_refresh) AG_MUST_USE;
/* Marks it used; `ret_first` is false when it was already. */
enum ag_err ag_refresh_use(struct ag_tx *tx, struct ag_str hash, int64_t now,
                           bool *ret_first) AG_MUST_USE;
/* Forgets sessions that ended before that, and refresh tokens of those that go on. */
enum ag_err ag_sessions_expire(struct ag_tx *tx, int64_t before) AG_MUST_USE;

/* ---- accounts elsewhere that sign in to one here ---- */

struct ag_identity {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str provider;
    struct ag_str email;
    int64_t created_at, last_used_at;
};
enum { AG_IDENTITY_EMAIL = 2, AG_IDENTITY_LAST_USED = 4 };
extern const struct ag_schema ag_identity_schema;

/* Which account elsewhere: who issues it, and what it is called there for ever. */
struct ag_identity_link {
    struct ag_str provider, issuer, subject;
    struct ag_str email; /* empty: none */
};
/* AG_E_EXISTS: it is linked already. */
enum ag_err ag_identities_insert(struct ag_tx *tx, struct ag_uuid user,
                                 const struct ag_identity_link *link, int64_t now) AG_MUST_USE;
/* Its id and whom it signs in; both nil when it is not linked. */
enum ag_err ag_identities_find(struct ag_tx *tx, const struct ag_identity_link *link,
                               struct ag_uuid *ret_id, struct ag_uuid *ret_user) AG_MUST_USE;
/* It signed in; `email` is the one it has there now. */
enum ag_err ag_identities_used(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                               int64_t now) AG_MUST_USE;
/* AG_E_NOT_FOUND: also when it is not the user's. */
enum ag_err ag_identities_delete(struct ag_tx *tx, struct ag_uuid user, struct ag_uuid id,
                                 struct ag_str *ret_provider) AG_MUST_USE;
/* The issuers of all of the user's, as struct ag_str in the transaction's arena. */
enum ag_err ag_identities_issuers(struct ag_tx *tx, struct ag_uuid user,
                                  struct ag_list *ret_issuers) AG_MUST_USE;
/* Newest first. */
enum ag_err ag_identities_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid user,
                               const struct ag_page *page,
                               struct ag_list *ret_identities) AG_MUST_USE AG_SUSPENDS;

/* A visit to an identity provider that has begun. */
struct ag_oauth_state {
    struct ag_str provider;
    struct ag_str purpose; /* sign_in | link | reauthenticate */
    struct ag_str nonce, verifier;
    struct ag_str next;        /* the path to go on to */
    struct ag_uuid session_id; /* nil for sign_in */
    int64_t created_at, expires_at;
};
enum ag_err ag_oauth_states_insert(struct ag_tx *tx, struct ag_str hash,
                                   const struct ag_oauth_state *state) AG_MUST_USE;
/* Removes it, so that it is there once; without a provider when there is none. */
enum ag_err ag_oauth_states_take(struct ag_tx *tx, struct ag_str hash,
                                 struct ag_oauth_state *ret_state) AG_MUST_USE;
/* Forgets some that expired before `before`: `ret_count`, at most AG_OAUTH_STATES_STEP. */
enum { AG_OAUTH_STATES_STEP = 10000 };
enum ag_err ag_oauth_states_expire(struct ag_tx *tx, int64_t before,
                                   int64_t *ret_count) AG_MUST_USE;

/* ---- API keys ---- */

struct ag_api_key {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    struct ag_str prefix;  /* what may be shown again: "agk_AbCdEfGh" */
    struct ag_str key;     /* whole, in the reply to its creation alone */
    struct ag_list scopes; /* struct ag_str: permission names; empty: all of its owner's */
    bool shared;           /* the organisation's own */
    int64_t requests_per_minute;
    struct ag_list agent_ids; /* struct ag_uuid; empty: no limit to some agents */
    struct ag_uuid user_id;   /* who made it */
    struct ag_str user_name;
    int64_t expires_at, last_used_at, created_at;
};
enum {
    AG_API_KEY_KEY = 3,
    AG_API_KEY_RATE = 6,
    AG_API_KEY_EXPIRES = 10,
    AG_API_KEY_LAST_USED = 11,
};
extern const struct ag_schema ag_api_key_schema;

/* Which of an organisation's live keys are meant. */
struct ag_api_key_filter {
    bool everybody;       /* all of them */
    struct ag_uuid owner; /* else this person's, without the shared ones; nil: none */
    bool by_shared;       /* of these, those that are `shared` or are not; for lists */
    bool shared;
};

/* `parent` is the key it was made with, or nil. */
enum ag_err ag_api_keys_insert(struct ag_tx *tx, struct ag_uuid org, const struct ag_api_key *key,
                               struct ag_uuid parent, struct ag_str hash) AG_MUST_USE;
enum ag_err ag_api_keys_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             const struct ag_api_key_filter *filter, const struct ag_page *page,
                             struct ag_list *ret_keys) AG_MUST_USE AG_SUSPENDS;
/* Reads it for a change: nobody else changes it until the transaction ends. */
enum ag_err ag_api_keys_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                             const struct ag_api_key_filter *filter,
                             struct ag_api_key *ret_key) AG_MUST_USE;
/* Writes everything that can change of a locked key. */
enum ag_err ag_api_keys_update(struct ag_tx *tx, struct ag_uuid org,
                               const struct ag_api_key *key) AG_MUST_USE;
/* The person's keys, or, when `owner` is nil, those of the organisation. */
enum ag_err ag_api_keys_count(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid owner,
                              int64_t *ret_count) AG_MUST_USE;
/* Whether it is there and was not revoked. */
enum ag_err ag_api_keys_lives(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                              bool *ret_lives) AG_MUST_USE;
/* With all that were made with it; `ret_keys` are those that ended, as far as the log tells of
 * them: id, prefix, `shared` and who made it. */
enum ag_err ag_api_keys_revoke(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                               const struct ag_api_key_filter *filter, int64_t now,
                               struct ag_list *ret_keys) AG_MUST_USE;
enum ag_err ag_api_keys_access(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                               struct ag_access *ret_access) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_api_keys_access_by_id(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                                     struct ag_access *ret_access) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_api_keys_touch(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                              int64_t now) AG_MUST_USE;

/* ---- entities: what agents and prompts have in common ---- */

/* A kind of thing that an organisation has: its rows have a creator and a version, they are listed,
 * and their deletion can be undone until they are purged. Everything but the functions that say so
 * takes deleted rows for absent. */
struct ag_entity;
extern const struct ag_entity ag_agent_entity, ag_prompt_entity;

/* Of any entity's row: enough to judge a change. */
struct ag_head {
    struct ag_uuid user_id; /* who created it */
    int64_t version;
    int64_t created_at, updated_at;
    bool deleted;
};
/* Reads it, deleted or not, for a change: nobody else changes it until the transaction ends. What
 * is there for its creator alone is absent for another `viewer`. */
enum ag_err ag_entity_lock(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                           struct ag_uuid viewer, struct ag_uuid id,
                           struct ag_head *ret_head) AG_MUST_USE;
/* On a locked row. */
enum ag_err ag_entity_delete(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                             struct ag_uuid id, int64_t now) AG_MUST_USE;
enum ag_err ag_entity_restore(struct ag_tx *tx, const struct ag_entity *entity, struct ag_uuid org,
                              struct ag_uuid id) AG_MUST_USE;
/* Removes for good what was deleted before `deleted_before`; at most 1,000 at a time. */
enum ag_err ag_entity_purge(struct ag_tx *tx, const struct ag_entity *entity,
                            int64_t deleted_before) AG_MUST_USE;

/* ---- agents: a private one is absent for every `viewer` but its creator ---- */

enum { AG_AGENT_DRAFT_MAX_BYTES = 128 * 1024, AG_AGENT_NAME_MAX = 100 };

/* A working copy: what an editor has in hand. Checked only when it is published. */
struct ag_agent_draft {
    uint64_t set;
    struct ag_str name, description;
    struct ag_str step, template_id, sentence; /* where the editor stands and came from */
    struct ag_str config;                      /* compact JSON */
};
enum { AG_DRAFT_NAME, AG_DRAFT_DESCRIPTION, AG_DRAFT_CONFIG = 5 };
extern const struct ag_schema ag_agent_draft_schema;

struct ag_agent {
    uint64_t set;
    struct ag_uuid id, user_id;
    struct ag_str name;
    struct ag_str description;
    struct ag_str config; /* compact JSON; {} when never published */
    int64_t version;      /* 0: never published */
    struct ag_str status; /* draft | published */
    int64_t published_at;
    bool has_draft;
    int64_t draft_revision; /* counts every change of the working copy, its end included */
    int64_t draft_updated_at;
    int64_t created_at, updated_at;
    struct ag_str visibility; /* private | organization | public */
    struct ag_str public_id;  /* what the link of a public one names */
    struct ag_str draft;      /* struct ag_agent_draft as compact JSON; lists leave it out */
};
enum {
    AG_AGENT_DESCRIPTION = 3,
    AG_AGENT_PUBLISHED_AT = 7,
    AG_AGENT_DRAFT_UPDATED_AT = 10,
    AG_AGENT_PUBLIC_ID = 14,
    AG_AGENT_DRAFT = 15,
};
extern const struct ag_schema ag_agent_schema;         /* one agent */
extern const struct ag_schema ag_agent_summary_schema; /* in lists */

enum ag_err ag_agents_insert(struct ag_tx *tx, struct ag_uuid org,
                             const struct ag_agent *agent) AG_MUST_USE;
enum ag_err ag_agents_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid viewer, struct ag_uuid id,
                          struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* What a run needs and nothing more: id, name, config, version, and whom it is there for.
 * AG_E_NOT_FOUND, AG_E_AGENT_NOT_PUBLISHED. */
enum ag_err ag_agents_get_published(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                    struct ag_uuid viewer, struct ag_uuid id,
                                    struct ag_agent *ret_agent) AG_MUST_USE AG_SUSPENDS;
/* Reads it for a change: nobody else changes it until the transaction ends. */
enum ag_err ag_agents_lock(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                           struct ag_uuid id, struct ag_agent *ret_agent) AG_MUST_USE;
/* Filters: status, provider. */
enum ag_err ag_agents_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid viewer, const struct ag_page *page,
                           struct ag_list *ret_agents) AG_MUST_USE AG_SUSPENDS;
/* Writes everything that can change of a locked agent but whom it is there for. */
enum ag_err ag_agents_update(struct ag_tx *tx, struct ag_uuid org,
                             const struct ag_agent *agent) AG_MUST_USE;
/* Puts a new working copy in the place of the one of `if_revision` (negative: of any), in one
 * statement. A never published agent takes name and description along. AG_E_NOT_FOUND,
 * AG_E_STALE. */
enum ag_err ag_agents_save_draft(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                                 struct ag_uuid id, int64_t if_revision,
                                 const struct ag_agent *draft,
                                 struct ag_agent *ret_agent) AG_MUST_USE;
/* Writes `visibility` and `public_id` of a locked agent. */
enum ag_err ag_agents_share(struct ag_tx *tx, struct ag_uuid org,
                            const struct ag_agent *agent) AG_MUST_USE;
/* Whether it is somebody else's private one, deleted or not. */
enum ag_err ag_agents_hidden(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             struct ag_uuid viewer, struct ag_uuid id,
                             bool *ret_hidden) AG_MUST_USE AG_SUSPENDS;

/* A published agent that a public link leads to. */
struct ag_linked_agent {
    struct ag_uuid org_id, agent_id, user_id;
    struct ag_str name, description, config;
    struct ag_str plan; /* of the organisation, as the next two */
    bool personal;
    int64_t org_per_minute;
};
/* AG_E_NOT_FOUND. */
enum ag_err ag_agents_by_link(struct ag_db *db, struct ag_arena *arena, struct ag_str public_id,
                              struct ag_linked_agent *ret_linked) AG_MUST_USE AG_SUSPENDS;

enum { AG_KNOWN_AGENTS = 20 };
/* Which of up to AG_KNOWN_AGENTS agents the organisation has, private ones of others left out. */
enum ag_err ag_agents_known(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid viewer,
                            const struct ag_uuid *ids, size_t count, bool *ret_known) AG_MUST_USE;

/* ---- prompts ---- */

struct ag_prompt {
    uint64_t set;
    struct ag_uuid id, user_id;
    struct ag_str name;
    struct ag_str prompt_text;
    struct ag_str metadata; /* compact JSON */
    int64_t version;
    int64_t created_at, updated_at;
};
enum { AG_PROMPT_NAME = 2 };
extern const struct ag_schema ag_prompt_schema;

enum ag_err ag_prompts_insert(struct ag_tx *tx, struct ag_uuid org,
                              const struct ag_prompt *prompt) AG_MUST_USE;
enum ag_err ag_prompts_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           struct ag_uuid id, struct ag_prompt *ret_prompt) AG_MUST_USE AG_SUSPENDS;
/* Filters: category, tag. */
enum ag_err ag_prompts_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            const struct ag_page *page,
                            struct ag_list *ret_prompts) AG_MUST_USE AG_SUSPENDS;
/* Writes everything that can change of a locked prompt. */
enum ag_err ag_prompts_update(struct ag_tx *tx, struct ag_uuid org,
                              const struct ag_prompt *prompt) AG_MUST_USE;
/* What a list sorted by name sorts a prompt by: its name, else its first 80 characters. */
struct ag_str ag_prompt_sort_name(const struct ag_prompt *prompt);

/* How many of the 5,000 newest prompts have a value; the most frequent first. */
struct ag_facet {
    uint64_t set;
    struct ag_str value;
    int64_t count;
};
struct ag_prompt_facets {
    uint64_t set;
    struct ag_list categories, tags; /* struct ag_facet, at most 100 each */
};
extern const struct ag_schema ag_prompt_facets_schema;
enum ag_err ag_prompts_facets(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              struct ag_prompt_facets *ret_facets) AG_MUST_USE AG_SUSPENDS;

/* ---- runs: a private one is absent for every `viewer` but its user ---- */

enum { AG_RUN_MAX_OUTPUT_BYTES = 8 * 1024 * 1024 };

struct ag_run {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str kind;   /* generate | preview | validate | draft | test */
    struct ag_str status; /* running | completed | failed | cancelled */
    struct ag_uuid agent_id;
    int64_t agent_version;
    struct ag_uuid conversation_id;
    struct ag_str provider, model;
    struct ag_str error_code, error_message;
    struct ag_str finish_reason;
    bool cached;
    int64_t input_tokens, output_tokens;
    int64_t latency_ms, ttft_ms;
    struct ag_str metadata;
    int64_t created_at, finished_at;
    bool private;                          /* there for its user alone */
    bool public;                           /* it came by the agent's public link */
    struct ag_str agent_name;              /* read only, as the next */
    struct ag_str input_preview;           /* how the question begins */
    struct ag_str input_text, output_text; /* of one run; lists leave them out */
    /* not shown */
    struct ag_uuid user_id, key_id, boot_id;
};
enum {
    AG_RUN_AGENT_ID = 3,
    AG_RUN_AGENT_VERSION,
    AG_RUN_CONVERSATION_ID,
    AG_RUN_ERROR_CODE = 8,
    AG_RUN_ERROR_MESSAGE,
    AG_RUN_FINISH_REASON,
    AG_RUN_INPUT_TOKENS = 12,
    AG_RUN_OUTPUT_TOKENS,
    AG_RUN_LATENCY,
    AG_RUN_TTFT,
    AG_RUN_METADATA,
    AG_RUN_FINISHED_AT = 18,
    AG_RUN_PRIVATE,
    AG_RUN_PUBLIC,
    AG_RUN_AGENT_NAME,
    AG_RUN_INPUT_PREVIEW,
    AG_RUN_INPUT_TEXT,
    AG_RUN_OUTPUT_TEXT,
};
extern const struct ag_schema ag_run_schema;         /* one run */
extern const struct ag_schema ag_run_summary_schema; /* in lists */

/* Inserts the run, or, when its row says `running`, finishes it. */
enum ag_err ag_runs_put(struct ag_tx *tx, struct ag_uuid org, const struct ag_run *run) AG_MUST_USE;
enum ag_err ag_runs_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                        struct ag_uuid viewer, struct ag_uuid id,
                        struct ag_run *ret_run) AG_MUST_USE AG_SUSPENDS;

/* What there is to know about a run that goes on. */
struct ag_run_state {
    bool running;
    struct ag_uuid boot_id;
    int64_t created_at;
    struct ag_uuid user_id, key_id; /* who began it; key_id nil unless an API key */
    struct ag_uuid agent_id;        /* nil: none */
};
enum ag_err ag_runs_state(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid viewer, struct ag_uuid id,
                          struct ag_run_state *ret_state) AG_MUST_USE AG_SUSPENDS;
/* Ends a row that says `running`; the instance that works on it adds the rest. */
enum ag_err ag_runs_cancel(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid id,
                           int64_t now) AG_MUST_USE;

struct ag_run_filter {
    struct ag_uuid agent_id;                     /* nil: any */
    struct ag_uuid conversation_id;              /* nil: any */
    struct ag_str status, kind, provider, model; /* empty: any */
    struct ag_str search; /* in its question's first 4,000 characters; empty: any */
    int64_t from, to;     /* wall ms: from <= created < to */
    bool has_to;          /* else there is no end */
    struct ag_uuid viewer;
    bool alone; /* nobody else has private runs in the organisation */
};
enum { AG_RUN_SCAN_MAX = 2000 };
/* Newest first; of `page` only the limit and the id of the last one count. What no index answers is
 * looked for in AG_RUN_SCAN_MAX runs at most: `ret_stopped_at` is then where the search stopped,
 * else nil. */
enum ag_err ag_runs_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                         const struct ag_run_filter *filter, const struct ag_page *page,
                         struct ag_list *ret_runs,
                         struct ag_uuid *ret_stopped_at) AG_MUST_USE AG_SUSPENDS;

struct ag_turn {
    struct ag_str input_text, output_text;
};
/* A conversation with an agent, as `viewer` may go on with it. */
struct ag_conversation {
    struct ag_uuid agent_id, id, viewer;
    bool public; /* only what was said by the agent's public link */
};
/* Its last `limit` completed exchanges, oldest first. */
enum ag_err ag_runs_turns(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          const struct ag_conversation *talk, int64_t limit,
                          struct ag_list *ret_turns) AG_MUST_USE AG_SUSPENDS;
/* Whether the organisation has it, and `viewer` saw how it began. */
enum ag_err ag_runs_conversation_exists(struct ag_db *db, struct ag_arena *arena,
                                        struct ag_uuid org, const struct ag_conversation *talk,
                                        bool *ret_exists) AG_MUST_USE AG_SUSPENDS;
/* The failed run behind which AG_RUN_SCAN_MAX of them before `before` end; nil: there are fewer. */
enum ag_err ag_runs_reach_failed(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                                 struct ag_uuid before,
                                 struct ag_uuid *ret_from) AG_MUST_USE AG_SUSPENDS;
/* Fails the runs begun before `created_before` that another process left unfinished. */
enum ag_err ag_runs_interrupt(struct ag_tx *tx, struct ag_uuid boot_id, int64_t created_before,
                              int64_t *ret_count) AG_MUST_USE;

/* ---- idempotency keys ---- */

struct ag_idempotency {
    struct ag_str request_hash; /* 32 bytes */
    struct ag_uuid resource_id; /* the id that what the request makes will have */
    struct ag_uuid boot_id;     /* the process that works on it */
    int64_t status;             /* 0: no reply yet */
    struct ag_str etag;         /* of the stored reply; empty: none */
    struct ag_str body;
    int64_t created_at;
};
enum ag_err ag_idempotency_claim(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                 struct ag_str key, const struct ag_idempotency *claim,
                                 bool *ret_new) AG_MUST_USE;
enum ag_err ag_idempotency_get(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                               struct ag_str key, struct ag_idempotency *ret_claim) AG_MUST_USE;
/* Makes this process the one that works on a claim another one left behind. */
enum ag_err ag_idempotency_take_over(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                     struct ag_str key, struct ag_uuid boot_id) AG_MUST_USE;
enum ag_err ag_idempotency_finish(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                  struct ag_str key,
                                  const struct ag_idempotency *claim) AG_MUST_USE;
/* Frees the key, after a reply that is not worth keeping (5xx). */
enum ag_err ag_idempotency_drop(struct ag_tx *tx, struct ag_uuid org, struct ag_uuid user,
                                struct ag_str key) AG_MUST_USE;
/* Forgets keys made before `created_before`; at most 1,000 at a time. */
enum ag_err ag_idempotency_expire(struct ag_tx *tx, int64_t created_before) AG_MUST_USE;

/* ---- the dashboard ---- */

/* What a dashboard reads of a run; its moment is in its id. */
struct ag_run_fact {
    struct ag_uuid id, agent_id;                       /* agent_id nil: none */
    struct ag_str status, provider, model, error_code; /* error_code empty: none */
    int64_t input_tokens, output_tokens;               /* 0 where the provider told none */
    int64_t latency_ms, ttft_ms;                       /* -1: none */
};
/* The runs between two ids, without `after` and `before` themselves, oldest first. */
enum ag_err ag_runs_facts(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_uuid after, struct ag_uuid before, int64_t limit,
                          struct ag_list *ret_facts) AG_MUST_USE AG_SUSPENDS;

/* What the runs of `hours` (1 or 24) from `at` on added up to, as core/run_stats.h writes it. */
struct ag_stats_row {
    int64_t at;
    struct ag_str data;
};
/* Those that begin at `from` or later and before `to`, oldest first. */
enum ag_err ag_run_stats_read(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              int64_t hours, int64_t from, int64_t to, int64_t limit,
                              struct ag_list *ret_rows) AG_MUST_USE AG_SUSPENDS;
enum ag_err ag_run_stats_put(struct ag_tx *tx, struct ag_uuid org, int64_t hours, int64_t at,
                             struct ag_str data) AG_MUST_USE;
enum ag_err ag_run_stats_expire(struct ag_tx *tx, struct ag_uuid org, int64_t hours,
                                int64_t before) AG_MUST_USE;

struct ag_inventory {
    int64_t agents, drafts, prompts; /* published agents, those never published, prompts */
    bool agent_called;               /* an agent has a run */
    bool model_answered;             /* among the newest runs one of a real model completed */
};
enum ag_err ag_inventory_read(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                              struct ag_uuid viewer,
                              struct ag_inventory *ret_inventory) AG_MUST_USE AG_SUSPENDS;

enum { AG_NAMED_AGENTS = 8 };
/* Names of up to AG_NAMED_AGENTS agents; data NULL where there is no such agent (any more). */
enum ag_err ag_agents_names(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            struct ag_uuid viewer, const struct ag_uuid *ids, size_t count,
                            struct ag_str names[AG_NAMED_AGENTS]) AG_MUST_USE AG_SUSPENDS;

/* ---- what went wrong: failed runs, and reports from browsers ---- */

struct ag_error_entry {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str source; /* run | client */
    struct ag_str kind;   /* of the run, or error | rejection | render | csp */
    struct ag_str code;   /* runs: of the error reference */
    struct ag_str message;
    int64_t created_at, last_at;
    int64_t count;
    bool retryable;
    struct ag_uuid run_id, agent_id;
    struct ag_str agent_name;
    struct ag_str model; /* "provider/model" */
    struct ag_str path, stack, user_agent;
};
extern const struct ag_schema ag_error_entry_schema;

struct ag_error_filter {
    struct ag_str source;  /* run | client; empty: both */
    struct ag_uuid viewer; /* as for runs, and the next, too */
    bool alone;
};
/* Newest first; of `page` only the limit and the id of the last one count. `ret_stopped_at` as for
 * runs. */
enum ag_err ag_errors_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           const struct ag_error_filter *filter, const struct ag_page *page,
                           struct ag_list *ret_entries,
                           struct ag_uuid *ret_stopped_at) AG_MUST_USE AG_SUSPENDS;

struct ag_client_error {
    struct ag_uuid id, user_id;
    struct ag_str kind, fingerprint, message;
    struct ag_str stack, path; /* empty: none */
    struct ag_str user_agent;
    int64_t created_at;
};
/* Counts a repeat of a report that is not older than `repeat_after`, or inserts it; reports of the
 * organisation from before `keep_after` go, and those beyond its newest `keep`. Both are wall
 * times. */
enum ag_err ag_client_errors_put(struct ag_tx *tx, struct ag_uuid org,
                                 const struct ag_client_error *report, int64_t repeat_after,
                                 int64_t keep_after, int64_t keep) AG_MUST_USE;
