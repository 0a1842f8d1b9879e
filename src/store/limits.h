/* What an administrator of the server sets: settings, plans, and who may not sign in for a while.
 */
#pragma once

#include "store/store.h"

/* ---- settings: one document ---- */

/* The stored text, or AG_E_NOT_FOUND when nothing was ever set. */
enum ag_err ag_settings_read(struct ag_db *db, struct ag_arena *arena,
                             struct ag_str *ret_json) AG_MUST_USE AG_SUSPENDS;
/* The same for a change: nobody else changes it until the transaction ends. */
enum ag_err ag_settings_lock(struct ag_tx *tx, struct ag_str *ret_json) AG_MUST_USE;
enum ag_err ag_settings_write(struct ag_tx *tx, struct ag_str json, int64_t now) AG_MUST_USE;

/* ---- blocks ---- */

enum { AG_BLOCKS_MAX = 4096 }; /* that servers look at, and that make themselves */

struct ag_block {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str kind;    /* address | account */
    struct ag_str subject; /* "192.0.2.7", "2001:db8::/64", or an e-mail address in lower case */
    struct ag_str reason;
    int64_t failures;          /* sign-ins that led to it; 0: an administrator made it */
    struct ag_uuid created_by; /* who */
    struct ag_str created_by_name;
    int64_t created_at, expires_at;
};
enum { AG_BLOCK_CREATED_BY = 5, AG_BLOCK_CREATED_BY_NAME };
extern const struct ag_schema ag_block_schema;

/* Those in force, at most AG_BLOCKS_MAX, those made by hand first, then the longest. */
enum ag_err ag_blocks_in_force(struct ag_db *db, struct ag_arena *arena, int64_t now,
                               struct ag_list *ret_blocks) AG_MUST_USE AG_SUSPENDS;
/* Newest first. `kind` empty: of both. */
enum ag_err ag_blocks_list(struct ag_db *db, struct ag_arena *arena, struct ag_str kind,
                           const struct ag_page *page, int64_t now,
                           struct ag_list *ret_blocks) AG_MUST_USE AG_SUSPENDS;
/* Puts it in the place of one of the same subject, if `over` or if it lasts longer; `block->id`
 * becomes that one's then. Without `over`, `ret_made` is false when it was not needed or there are
 * too many. */
enum ag_err ag_blocks_put(struct ag_tx *tx, struct ag_block *block, bool over,
                          bool *ret_made) AG_MUST_USE;
/* AG_E_NOT_FOUND. Of what was there, kind and subject are told. */
enum ag_err ag_blocks_delete(struct ag_tx *tx, struct ag_uuid id,
                             struct ag_block *ret_block) AG_MUST_USE;
/* All of a subject; returns how many there were. */
enum ag_err ag_blocks_delete_subject(struct ag_tx *tx, struct ag_str subject,
                                     int64_t *ret_count) AG_MUST_USE;
enum ag_err ag_blocks_expire(struct ag_tx *tx, int64_t now) AG_MUST_USE;

/* ---- organisations, as an administrator of the server sees them ---- */

struct ag_org_plan {
    uint64_t set;
    struct ag_uuid id;
    struct ag_str name;
    bool personal;
    struct ag_str plan;          /* free | premium */
    int64_t requests_per_minute; /* of each member, in place of the plan's */
    int64_t members;
    struct ag_str owner_email; /* of the first one */
    int64_t created_at;
};
enum { AG_ORG_PLAN_PER_MINUTE = 4, AG_ORG_PLAN_OWNER = 6 };
extern const struct ag_schema ag_org_plan_schema;

/* Newest first; the page's search looks at names and at the owners' addresses. */
enum ag_err ag_org_plans_list(struct ag_db *db, struct ag_arena *arena, const struct ag_page *page,
                              struct ag_list *ret_orgs) AG_MUST_USE AG_SUSPENDS;
/* Reads it for a change. AG_E_NOT_FOUND. */
enum ag_err ag_org_plans_lock(struct ag_tx *tx, struct ag_uuid id,
                              struct ag_org_plan *ret_org) AG_MUST_USE;
enum ag_err ag_org_plans_update(struct ag_tx *tx, const struct ag_org_plan *org,
                                int64_t now) AG_MUST_USE;
