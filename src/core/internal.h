/* What the files of core/ share. */
#pragma once

#include "core/runs.h"

/* ---- access_cache.c: credentials already resolved, per loop, at most 5 s old ---- */

enum { AG_ACCESS_TTL_MS = 5000 };

struct ag_access_cache;
enum ag_err ag_access_cache_new(struct ag_access_cache **ret_cache) AG_MUST_USE;
void ag_access_cache_free(struct ag_access_cache *cache);
/* The principal of `secret`, when it was loaded in the last 5 s, has not expired and nothing took
 * rights away since (`epoch`). */
bool ag_access_cache_get(struct ag_access_cache *cache, struct ag_str secret, uint64_t epoch,
                         struct ag_principal *ret_who);
/* `expires_at`: wall ms, 0 for never. */
void ag_access_cache_put(struct ag_access_cache *cache, struct ag_str secret, int64_t expires_at,
                         const struct ag_principal *who);

/* ---- agent_cache.c: agents with their decoded configuration, per loop, at most 5 s old ---- */

struct ag_agent_cache;
struct ag_cached_agent;
enum ag_err ag_agent_cache_new(struct ag_agent_cache **ret_cache) AG_MUST_USE;
void ag_agent_cache_free(struct ag_agent_cache *cache);
/* The agent as a run needs it; the caller holds a reference. AG_E_NOT_FOUND,
 * AG_E_AGENT_NOT_PUBLISHED, AG_E_STORAGE. */
enum ag_err ag_agent_cache_get(struct ag_core *core, struct ag_uuid org, struct ag_uuid viewer,
                               struct ag_uuid id,
                               struct ag_cached_agent **ret_entry) AG_MUST_USE AG_SUSPENDS;
struct ag_cached_agent *ag_cached_agent_unref(struct ag_cached_agent *entry);
AG_DEFINE_CLEANUP(struct ag_cached_agent *, ag_cached_agent_unref)
/* Both live as long as the reference. Of the agent, what ag_agents_get_published() reads. */
const struct ag_agent *ag_cached_agent(const struct ag_cached_agent *entry);
const struct ag_agent_config *ag_cached_agent_config(const struct ag_cached_agent *entry);
/* What runs of an agent, or whom it is there for, was changed, or it was deleted: in force at once
 * on every loop of this process. Saving a draft is no such change. */
void ag_agents_changed(struct ag_core *core);

/* ---- generate.c ---- */

/* ag_generate() of a run that the server may stop: `stopped` as in struct ag_run_plan. */
enum ag_err ag_generate_stoppable(struct ag_scope *scope, const struct ag_generate_input *input,
                                  bool relaxed, const struct ag_run_sink *sink, const bool *stopped,
                                  struct ag_run *ret_run,
                                  int64_t *ret_retry_after_s) AG_MUST_USE AG_SUSPENDS;
/* The request that a configuration and a question make: all but the model. */
enum ag_err ag_request_of_config(struct ag_scope *scope, const struct ag_agent_config *config,
                                 const struct ag_list *messages, struct ag_str question,
                                 const struct ag_list *variables,
                                 struct ag_llm_request *ret_request) AG_MUST_USE AG_SUSPENDS;
/* The models of a list of names; mistakes go to `scope->errors`, under "models[i]". */
enum ag_err ag_models_parse(struct ag_scope *scope, const struct ag_list *names,
                            struct ag_model_choice *models, size_t max,
                            size_t *ret_count) AG_MUST_USE;

/* ---- agents.c, drafts.c ---- */

/* One change of one agent: it is read and locked, `apply` makes it another one, and that is
 * written. */
struct ag_agent_change {
    struct ag_scope *scope;
    struct ag_uuid id;
    int64_t if_version, if_revision; /* the second is for `apply` to look at */
    /* Changes `agent`; maybe on the database's thread, so it reads nothing but the change. */
    enum ag_err (*apply)(struct ag_agent_change *change, struct ag_arena *arena);
    const char *did;                    /* "updated", for the activity log */
    const struct ag_agent_input *input; /* what `apply` works with */
    struct ag_str config;
    struct ag_agent agent; /* as it was, then as it is */
};
enum ag_err ag_agent_change(struct ag_agent_change *change) AG_MUST_USE AG_SUSPENDS;
/* What was changed runs from now on, as a new version. */
void ag_agent_put_live(struct ag_agent *agent);
void ag_agent_describe(struct ag_agent *agent, struct ag_str description);
/* The working copy with what `change` says put into it; name and description of a never published
 * agent follow. AG_E_TOO_LARGE. */
enum ag_err ag_draft_change(struct ag_agent *agent, const struct ag_agent_draft *change,
                            struct ag_arena *arena) AG_MUST_USE;

/* ---- undo.c: deletion that can be undone ---- */

enum { AG_DELETED_KEPT_DAYS = 30 };

/* A kind of thing: its rows, its name in the activity log ("agent"), and what somebody who did not
 * create one needs to delete it. */
struct ag_kind {
    const struct ag_entity *entity;
    const char *name;
    enum ag_permission for_others;
    /* What is more to be done once one is there again; on its locked row. NULL: nothing. */
    enum ag_err (*restored)(struct ag_tx *tx, const struct ag_scope *scope, struct ag_uuid id);
};
extern const struct ag_kind ag_agent_kind, ag_prompt_kind;

/* AG_E_NOT_FOUND, AG_E_FORBIDDEN, AG_E_STALE. */
enum ag_err ag_kind_delete(struct ag_scope *scope, const struct ag_kind *kind, struct ag_uuid id,
                           int64_t if_version) AG_MUST_USE AG_SUSPENDS;
/* What is not deleted stays as it is. AG_E_NOT_FOUND, AG_E_FORBIDDEN. */
enum ag_err ag_kind_restore(struct ag_scope *scope, const struct ag_kind *kind,
                            struct ag_uuid id) AG_MUST_USE AG_SUSPENDS;
/* The first of them, as a part of another transaction. */
enum ag_err ag_kind_delete_tx(struct ag_tx *tx, const struct ag_scope *scope,
                              const struct ag_kind *kind, struct ag_uuid id,
                              int64_t if_version) AG_MUST_USE;
/* Ends for good what was deleted AG_DELETED_KEPT_DAYS ago. */
enum ag_err ag_purge_deleted(struct ag_tx *tx) AG_MUST_USE;
/* "agent.published" and {"agent_id": id} in the activity log. */
enum ag_err ag_note(struct ag_tx *tx, const struct ag_scope *scope, const struct ag_kind *kind,
                    const char *did, struct ag_uuid id) AG_MUST_USE;

/* ---- model_list.c: what providers say they offer, per loop, at most 10 minutes old ---- */

struct ag_model_cache;
enum ag_err ag_model_cache_new(struct ag_model_cache **ret_cache) AG_MUST_USE;
void ag_model_cache_free(struct ag_model_cache *cache);

/* ---- identity.c: accounts and sessions, whatever signs them in ---- */

/* The secrets of a new or renewed session, made outside the transaction that stores their hashes.
 */
struct ag_session_secrets {
    struct ag_str cookie, refresh;
    uint8_t cookie_hash[AG_SECRET_HASH_BYTES], refresh_hash[AG_SECRET_HASH_BYTES];
    int64_t now, expires_at;
    int64_t authenticated_at; /* of a new session: when they proved who they are; `now` */
};
enum ag_err ag_secrets_new(struct ag_scope *scope,
                           struct ag_session_secrets *ret_secrets) AG_MUST_USE;
/* Inserts the account; the first of a server becomes its administrator. AG_E_EXISTS: the e-mail. */
enum ag_err ag_account_create_tx(struct ag_tx *tx, const struct ag_scope *scope,
                                 struct ag_user *user) AG_MUST_USE;
/* Inserts a session of `user` and tells the audit log of it. AG_E_BAD_CREDENTIALS: the account, or
 * its password, is not what it was when `user` was read. */
enum ag_err ag_session_open_tx(struct ag_tx *tx, const struct ag_scope *scope,
                               const struct ag_user *user, struct ag_uuid session_id,
                               const struct ag_session_secrets *secrets,
                               struct ag_str details) AG_MUST_USE;
/*
 * For what outlasts a request (another address, a key, a linked account): the account of the
 * principal is this transaction's alone until it ends, and what they signed in with has not been
 * revoked meanwhile. Whatever ends sessions holds the account, too, so that one of the two comes
 * wholly first. Before ag_org_lock(). AG_E_UNAUTHENTICATED.
 */
enum ag_err ag_self_lock(struct ag_tx *tx, const struct ag_scope *scope) AG_MUST_USE;
/* The same without a lock, at any place in the transaction: for what nobody who revokes the session
 * or key looks for, so that which of the two came first tells nobody anything. */
enum ag_err ag_self_check(struct ag_tx *tx, const struct ag_scope *scope) AG_MUST_USE;
/* Where accounts are that sign in to this one, by the names of providers: "Google, GitHub (2)".
 * Empty: nowhere that is configured. */
enum ag_err ag_linked_names(struct ag_tx *tx, const struct ag_core *core, struct ag_uuid user,
                            struct ag_str *ret_names) AG_MUST_USE;
/* Notes that the principal could not prove who they are. */
enum ag_err ag_proof_failed(struct ag_scope *scope, const struct ag_user *user) AG_MUST_USE;
/* What whoever signed in gets. */
enum ag_err ag_grant_fill(struct ag_scope *scope, const struct ag_user *user,
                          struct ag_uuid session_id, const struct ag_session_secrets *secrets,
                          struct ag_grant *ret_grant) AG_MUST_USE;

/* ---- policy.c: settings and blocks, per loop, at most 5 s old (core/limits.h) ---- */

struct ag_policy;
struct ag_settings;
enum ag_err ag_policy_new(struct ag_policy **ret_policy) AG_MUST_USE;
void ag_policy_free(struct ag_policy *policy);
/* What was set or blocked, or lifted, is in force at once on every loop of this process. */
void ag_policy_changed(struct ag_core *core);
/* A stored change of the settings; texts in the arena. AG_E_INVALID, AG_E_BAD_JSON. */
enum ag_err ag_settings_decode(struct ag_str json, struct ag_arena *arena,
                               struct ag_settings *ret_change) AG_MUST_USE;
/* Takes over what `change` sets. */
void ag_settings_overlay(struct ag_settings *settings, const struct ag_settings *change);
/* attempts.c: forgets the failed sign-ins that were counted against a block's subject. */
void ag_attempts_forget(struct ag_core *core, const struct ag_settings *settings,
                        struct ag_str kind, struct ag_str subject);

/* ---- visibility.c ---- */

/* Whose private things the scope's principal meets. */
static inline struct ag_uuid ag_viewer(const struct ag_scope *scope)
{
    return ag_principal_viewer(&scope->who);
}

/* Ends the public link of a restored agent, unless the principal may open one: whoever brings it
 * back would open it to everybody. */
enum ag_err ag_agent_restored(struct ag_tx *tx, const struct ag_scope *scope,
                              struct ag_uuid id) AG_MUST_USE;

/* ---- the audit log ---- */

/* What ag_audit_in() writes, for when the request is over: the texts are the scope's and the
 * caller's. */
struct ag_audit_note {
    struct ag_uuid org, user, key;
    enum ag_credential credential;
    const char *action;
    struct ag_str details, ip;
};
enum ag_err ag_audit_write(struct ag_tx *tx, const struct ag_audit_note *note) AG_MUST_USE;

/* ---- small things ---- */

/* How long an unfinished run of another process may still be at work. */
int64_t ag_run_grace_ms(const struct ag_core *core);

/* Reads again what the session of the principal may do, and in which organisation it acts. */
enum ag_err ag_principal_reload(struct ag_scope *scope) AG_MUST_USE AG_SUSPENDS;
/* Reads again what the session or key of `who` may do in the organisation that `who` acts in.
 * AG_E_UNAUTHENTICATED, AG_E_TOKEN_EXPIRED, AG_E_FORBIDDEN: it lets nobody in any more. */
enum ag_err ag_principal_look(struct ag_core *core, const struct ag_principal *who,
                              struct ag_principal *ret_now) AG_MUST_USE AG_SUSPENDS;
/* Whether what is known of `who` is young, and nothing took rights away since in this process. */
bool ag_principal_fresh(struct ag_core *core, const struct ag_principal *who);
/* Whether the principal administers the server now, with what they signed in with, read again: an
 * earlier transaction may have taken it away; it stays so until this one ends. Before any lock of
 * an account or organisation. AG_E_FORBIDDEN, AG_E_UNAUTHENTICATED. */
enum ag_err ag_admin_actor(struct ag_tx *tx, const struct ag_scope *scope) AG_MUST_USE;
/* What an organisation's own key can hold at most: nothing of a person or of the server. */
uint64_t ag_shared_key_permissions(void);
static inline struct ag_str ag_hash_str(const uint8_t hash[AG_SECRET_HASH_BYTES])
{
    return ag_str_n((const char *)hash, AG_SECRET_HASH_BYTES);
}

/* Whatever took rights away is in force at once on every loop of this process. */
void ag_access_changed(struct ag_core *core);
/* What of a value stands in the activity log: a name of 100 characters, whichever these are. */
enum { AG_DETAIL_TEXT_BYTES = 400 };
struct ag_str ag_detail_text(struct ag_str value);
/* {"name": "value"} for the activity log. */
struct ag_str ag_details(struct ag_arena *arena, const char *name, struct ag_str value);
/* The id for what a request creates: the reserved one, or a new one. */
struct ag_uuid ag_scope_new_id(const struct ag_scope *scope);
/* AG_E_STALE when `if_version` is neither `version` nor AG_ANY_VERSION. */
enum ag_err ag_check_version(int64_t if_version, int64_t version) AG_MUST_USE;

/* ---- config.c ---- */

/* What the field table cannot say about a configuration; mistakes go to `scope->errors`, under
 * "config.". Checks that `prompt_id` is one of the organisation's and, unless it is what `agent`
 * (nil: none) has now, that the principal may name it: AG_E_FORBIDDEN. */
enum ag_err ag_agent_config_check(struct ag_scope *scope, const struct ag_agent_config *config,
                                  struct ag_uuid agent) AG_MUST_USE AG_SUSPENDS;
/* Whether the principal may name a saved prompt: what builds on one tells its text. Looks nothing
 * up, so that a refusal tells nothing either. AG_E_FORBIDDEN. */
enum ag_err ag_may_name_prompts(const struct ag_scope *scope) AG_MUST_USE;
/* Compact JSON of what was given. */
enum ag_err ag_agent_config_encode(const struct ag_agent_config *config, struct ag_arena *arena,
                                   struct ag_str *ret_json) AG_MUST_USE;
enum ag_err ag_agent_config_decode(struct ag_str json, struct ag_arena *arena,
                                   struct ag_agent_config *ret_config) AG_MUST_USE;
