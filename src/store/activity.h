/* The activity log: an entry for everything that was done, as a chain for each organisation. */
#pragma once

#include "store/store.h"

struct ag_activity {
    uint64_t set;
    struct ag_uuid id;
    int64_t seq; /* 0: from before the chain */
    struct ag_uuid user_id;
    struct ag_str user_name;
    struct ag_str action;  /* "agent.created" */
    struct ag_str details; /* JSON object without secrets */
    struct ag_str ip;
    struct ag_str credential; /* token | key | cookie */
    struct ag_uuid key_id;
    int64_t created_at;
    struct ag_str hash; /* 32 bytes; empty: from before the chain */
};
enum {
    AG_ACTIVITY_SEQ = 1,
    AG_ACTIVITY_USER,
    AG_ACTIVITY_USER_NAME,
    AG_ACTIVITY_IP = 6,
    AG_ACTIVITY_CREDENTIAL,
    AG_ACTIVITY_KEY
};
extern const struct ag_schema ag_activity_schema;

struct ag_activity_filter {
    struct ag_str action; /* "auth.signed_in", "auth." for all that begin so, empty for any */
    struct ag_uuid user_id;
    int64_t from, to; /* wall ms: from <= created_at < to */
    bool has_to;      /* else there is no end */
    struct ag_str search;
};
/* Rows that are looked through for one page when the filter names more than a time. */
enum { AG_ACTIVITY_SCAN_MAX = 2000 };
/* Newest first. `ret_stopped_at` is where the search ended before it had reached the end of the
 * log, else nil. A nil organisation is the server's own log. */
enum ag_err ag_activity_list(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                             const struct ag_activity_filter *filter, const struct ag_page *page,
                             struct ag_list *ret_entries,
                             struct ag_uuid *ret_stopped_at) AG_MUST_USE AG_SUSPENDS;
/* The next entries behind `*after`, oldest first, up to `limit`; there may be none although some
 * follow. Moves `*after`. */
enum ag_err ag_activity_export(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                               const struct ag_activity_filter *filter, struct ag_uuid *after,
                               int64_t limit, struct ag_list *ret_entries,
                               bool *ret_last) AG_MUST_USE AG_SUSPENDS;

/* ---- the chain ---- */

/* The end of an organisation's chain. */
struct ag_audit_head {
    int64_t seq;          /* of the newest entry; 0: there is none */
    struct ag_str hash;   /* 32 bytes */
    int64_t before_chain; /* entries from before it */
};
/* Holds the chain until the transaction ends. AG_E_NOT_FOUND, without a diagnostic: none has begun.
 */
enum ag_err ag_audit_head_lock(struct ag_tx *tx, struct ag_uuid org,
                               struct ag_audit_head *ret_head) AG_MUST_USE;
/* Begins a chain, unless somebody else just has. */
enum ag_err ag_audit_head_insert(struct ag_tx *tx, struct ag_uuid org,
                                 const struct ag_audit_head *head) AG_MUST_USE;
enum ag_err ag_audit_unchained(struct ag_tx *tx, struct ag_uuid org,
                               int64_t *ret_count) AG_MUST_USE;
/* Writes the entry, complete as it is, and makes it the head. */
enum ag_err ag_audit_append(struct ag_tx *tx, struct ag_uuid org,
                            const struct ag_activity *entry) AG_MUST_USE;
/* AG_E_NOT_FOUND. */
enum ag_err ag_audit_head(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                          struct ag_audit_head *ret_head) AG_MUST_USE AG_SUSPENDS;
/* Whether there is such an organisation and it must have a log: it was made since there are chains.
 */
enum ag_err ag_audit_is_due(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            bool *ret_due) AG_MUST_USE AG_SUSPENDS;
/* Entries with a number from `from` on, in its order. */
enum ag_err ag_audit_chain(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                           int64_t from, int64_t limit,
                           struct ag_list *ret_entries) AG_MUST_USE AG_SUSPENDS;
/* How many entries have no number, and the newest of them. */
enum ag_err ag_audit_before(struct ag_db *db, struct ag_arena *arena, struct ag_uuid org,
                            int64_t *ret_count, struct ag_uuid *ret_last) AG_MUST_USE AG_SUSPENDS;
/* The organisation, or what has a log of one, whose id comes next; that of the server, nil, is none
 * of them. AG_E_NOT_FOUND. */
enum ag_err ag_audit_next_log(struct ag_db *db, struct ag_arena *arena, struct ag_uuid after,
                              struct ag_uuid *ret_org) AG_MUST_USE AG_SUSPENDS;
