/*
 * Accounts: what becomes of one, the links in mails, its end, and the export of what it made.
 *
 * Part of the store: store.h says what holds for all of it.
 */
#pragma once

#include "store/store.h"

/* ---- what becomes of an account ---- */

/* The address was proved to be the person's; AG_E_STALE when it is not theirs any more. */
enum ag_err ag_accounts_verify(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                               int64_t now) AG_MUST_USE;
/* Another address, proved already. AG_E_EXISTS: somebody else's. */
enum ag_err ag_accounts_set_email(struct ag_tx *tx, struct ag_uuid id, struct ag_str email,
                                  int64_t now) AG_MUST_USE;
/* Whatever the password was. */
enum ag_err ag_accounts_set_password(struct ag_tx *tx, struct ag_uuid id, struct ag_str hash,
                                     int64_t now) AG_MUST_USE;

struct ag_org_key {
    struct ag_uuid org_id, id;
};
struct ag_locked_out {
    struct ag_list keys;      /* struct ag_org_key, one organisation after the other */
    struct ag_list providers; /* struct ag_str, of each account elsewhere */
};
/* Revokes the person's keys and forgets where else they sign in from. */
enum ag_err ag_accounts_lock_out(struct ag_tx *tx, struct ag_uuid id, int64_t now,
                                 struct ag_locked_out *ret_out) AG_MUST_USE;

/* Whether it is still active and has the password it had when `user` was read, until the
 * transaction ends: what was proved then counts. AG_E_BAD_CREDENTIALS. */
enum ag_err ag_accounts_unchanged(struct ag_tx *tx, const struct ag_user *user) AG_MUST_USE;

/* An account as administrators of the server see it. Deleted ones are absent. */
struct ag_account {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name, email, role, status;
    bool email_verified, has_password;
    struct ag_uuid org_id;
    int64_t created_at, last_used_at;
};
enum { AG_ACCOUNT_LAST_USED = 9 };
extern const struct ag_schema ag_account_schema;
enum ag_err ag_accounts_get(struct ag_db *db, struct ag_arena *arena, struct ag_uuid id,
                            struct ag_account *ret_account) AG_MUST_USE AG_SUSPENDS;
/* Newest first. Filters: status, role. */
enum ag_err ag_accounts_list(struct ag_db *db, struct ag_arena *arena, const struct ag_page *page,
                             struct ag_list *ret_accounts) AG_MUST_USE AG_SUSPENDS;

struct ag_standing {
    struct ag_str role, status;
};
/* Reads it for a change: nobody else changes it until the transaction ends. AG_E_NOT_FOUND. */
enum ag_err ag_accounts_lock(struct ag_tx *tx, struct ag_uuid id,
                             struct ag_standing *ret_standing) AG_MUST_USE;
enum ag_err ag_accounts_set_standing(struct ag_tx *tx, struct ag_uuid id,
                                     const struct ag_standing *standing, int64_t now) AG_MUST_USE;
/* Who is an administrator of the server stays so until the transaction ends; before any lock of a
 * row of an account. */
enum ag_err ag_accounts_lock_admins(struct ag_tx *tx) AG_MUST_USE;
/* Whether it is an active one, under that lock, which it takes. */
enum ag_err ag_accounts_is_admin(struct ag_tx *tx, struct ag_uuid id, bool *ret_is) AG_MUST_USE;
/* Active administrators of the server apart from this one, under ag_accounts_lock_admins(). */
enum ag_err ag_accounts_other_admins(struct ag_tx *tx, struct ag_uuid id,
                                     int64_t *ret_count) AG_MUST_USE;

/* An organisation that somebody belongs to, for the end of their account. */
struct ag_deletion_org {
    struct ag_uuid id;
    struct ag_str name;
    bool personal;
};
/* struct ag_deletion_org, in the order of their ids. */
enum ag_err ag_deletion_orgs(struct ag_tx *tx, struct ag_uuid user,
                             struct ag_list *ret_orgs) AG_MUST_USE;
/* Takes every way in and every trace of who it was; the row stays for others' rows to name. The
 * person has left their organisations before. AG_E_NOT_FOUND. */
enum ag_err ag_deletion_bury(struct ag_tx *tx, struct ag_uuid user, int64_t now) AG_MUST_USE;

/* Removes some of the runs that nobody but a deleted person could see, in whatever organisation;
 * `ret_count` of them. The person is named by their personal organisation; of others there are
 * none. */
enum ag_err ag_deletion_purge(struct ag_tx *tx, struct ag_uuid personal_org,
                              int64_t *ret_count) AG_MUST_USE;

/* ---- links in mails ---- */

struct ag_email_token {
    struct ag_uuid user_id;
    struct ag_str purpose; /* verify | reset | change */
    struct ag_str email;   /* the address it was sent to */
    int64_t created_at, expires_at;
    /* read only */
    bool used;
    struct ag_str user_email, user_name, user_status; /* the account as it is now */
    struct ag_uuid user_org_id;                       /* its personal organisation */
};
enum ag_err ag_email_tokens_insert(struct ag_tx *tx, struct ag_str hash,
                                   const struct ag_email_token *token) AG_MUST_USE;
enum ag_err ag_email_tokens_get(struct ag_db *db, struct ag_arena *arena, struct ag_str hash,
                                struct ag_email_token *ret_token) AG_MUST_USE AG_SUSPENDS;
/* Marks it used; `ret_first` is false when it was already, or has expired. */
enum ag_err ag_email_tokens_use(struct ag_tx *tx, struct ag_str hash, int64_t now,
                                bool *ret_first) AG_MUST_USE;
/* No link of the user's works any more that has this purpose; empty: any purpose. */
enum ag_err ag_email_tokens_void(struct ag_tx *tx, struct ag_uuid user, struct ag_str purpose,
                                 int64_t now) AG_MUST_USE;
/* Forgets those that expired before `before`; at most 1,000 at a time. */
enum ag_err ag_email_tokens_expire(struct ag_tx *tx, int64_t before) AG_MUST_USE;

/* ---- what a person made, for the export of it ---- */

enum ag_export_kind { AG_EXPORT_AGENTS, AG_EXPORT_PROMPTS, AG_EXPORT_RUNS, AG_EXPORT_ACTIVITY };

/* Where a walk through an organisation's things stands; `after` begins nil. */
struct ag_export_walk {
    struct ag_uuid org, user, after;
    bool ended;
};
/* Ids (struct ag_uuid) of the user's agents, prompts or runs among the next things of the
 * organisation; perhaps none, though the walk has not ended. */
enum ag_err ag_export_ids(struct ag_db *db, struct ag_arena *arena, enum ag_export_kind kind,
                          struct ag_export_walk *at,
                          struct ag_list *ret_ids) AG_MUST_USE AG_SUSPENDS;

struct ag_export_activity {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str action, details;
    struct ag_str ip, credential;
    int64_t created_at;
};
enum { AG_EXPORT_IP = 3, AG_EXPORT_CREDENTIAL };
extern const struct ag_schema ag_export_activity_schema;
/* The same of the log's entries, whole. */
enum ag_err ag_export_activities(struct ag_db *db, struct ag_arena *arena,
                                 struct ag_export_walk *at,
                                 struct ag_list *ret_entries) AG_MUST_USE AG_SUSPENDS;
